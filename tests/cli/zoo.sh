#!/bin/sh
# The bad plugins of tests/plugins. All of a kind are loaded at once, each has a file in one case: that case ends as the table says,
# with a reason that names the plugin, and every other case as it does without them.
. "$(dirname "$0")/lib.sh"
[ "${SANITIZED:-}" != ON ] || { say "skipped: how plugins end that damage memory is otherwise under a sanitizer, which stops them first"; exit 77; }
deeds=$BINARY_DIR/tests/zoo

# name | how its case ends | extended regular expression of the reason. "same": scored, with every number as without the plugin.
cat >"$T/table" <<'END'
abort       | failed | ^killed by signal 6 \(Aborted\) while reading; plugin org\.example\.abort$
exit        | failed | ^ended with exit code 0 and no answer while reading; plugin org\.example\.exit$
leave       | failed | ^ended with exit code 3 while reading; plugin org\.example\.leave$
divide      | failed | ^killed by signal 8 \(Floating point exception\) while reading; plugin org\.example\.divide$
trap        | failed | ^killed by signal [45] \(.*\) while reading; plugin org\.example\.trap$
recurse     | failed | ^killed by signal 11 \(Segmentation fault\) while reading; plugin org\.example\.recurse$
stop        | failed | while reading; plugin org\.example\.stop$
jump        | failed | ^killed by signal .* while reading; plugin org\.example\.jump$
throw       | failed | ^killed by signal 6 \(Aborted\) while reading; plugin org\.example\.throw$
overrun     | failed | ^killed by signal 11 \(Segmentation fault\) while reading; plugin org\.example\.overrun$
heap        | failed | ^killed by signal .* while .*; plugin org\.example\.heap$
forge       | failed | ^gave a broken answer while answering; plugin org\.example\.forge$
shut        | failed | ^ended with exit code 0 and no answer while answering; plugin org\.example\.shut$
slander     | failed | while reading; plugin org\.example\.slander$
spin        | failed | ^took longer than the 5 s allowed while reading; plugin org\.example\.spin$
billion     | failed | more than 65536 tokens in one case; plugin org\.example\.billion$
deaf        | failed | ^took longer than the 5 s allowed while reading; plugin org\.example\.deaf$
map         | failed | ^animal: plugin org\.example\.map ran out of memory \(the limit is 2048 MiB\)$
leak        | same   |
fork        | failed | ^(tried to start a process or thread \(.*\)|made a system call that the sandbox does not allow) while reading; plugin org\.example\.fork$
thread      | failed | ^(tried to start a process or thread \(.*\)|made a system call that the sandbox does not allow) while reading; plugin org\.example\.thread$
connect     | failed | ^tried to reach a network \(socket\) while reading; plugin org\.example\.connect$
shadow      | same   |
fill        | failed | ^tried to write a file \(openat\) while reading; plugin org\.example\.fill$
trace       | failed | ^tried to reach another process \(ptrace\) while reading; plugin org\.example\.trace$
limits      | failed | ^called prlimit64, which the sandbox does not allow while reading; plugin org\.example\.limits$
wander      | failed | ^called chdir, which the sandbox does not allow while reading; plugin org\.example\.wander$
timer       | failed | ^called setitimer, which the sandbox does not allow while reading; plugin org\.example\.timer$
rounding    | same   |
comma       | same   |
handlers    | same   |
print       | same   |
mutter      | failed | ^animal: it has muttered enough$
nan         | same   |
infinite    | failed | ^animal: feature value is infinite; plugin org\.example\.infinite$
huge        | same   |
short       | failed | ^plugin org\.example\.short: emitted a token whose struct_size is too small$
long        | failed | ^plugin org\.example\.long: emitted a token of a stream that its table does not list$
elsewhere   | failed | ^plugin org\.example\.elsewhere: emitted a token of an input that it was not given$
nothing     | failed | ^plugin org\.example\.nothing: emitted a token without features or position$
tile        | failed | ^plugin org\.example\.tile: emitted a tile outside its picture
endless     | failed | ^killed by signal 11 \(Segmentation fault\) while reading; plugin org\.example\.endless$
babble      | failed | ^animal: =cmd\|' /C calc'!A0.\[31m\?..,"AAAA
silent      | same   |
sulk        | failed | ^animal: plugin org\.example\.sulk gave up \(code 77\) without a reason$
END

names() { sed 's/ .*//' "$1"; }
count=$(wc -l <"$T/table")
expect 0 "a cohort" "$CONSILIUM" synth --cases $((count + 5)) --seed 3 --missing 0.4 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
run() { "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --timeout 5 --jobs 2 "$@"; }
expect 0 "without animals" run --out "$T/plain"
mkdir "$T/deeds" "$T/births"

n=0
for name in $(names "$T/table"); do
    n=$((n + 1))
    cp "$deeds/$name.so" "$T/deeds/"
    printf 'zoo %s\n' "$name" >"$T/cohort/cases/$(printf 'SYN-%06d' $n)/animal"
done
whole=yes
[ -z "${CONSILIUM_RUN_SANDBOX:-}" ] || whole=no
expect 1 "with all that misbehave while they read" run --plugins "$T/deeds" --out "$T/a"
python3 - "$T" $whole <<'END' >"$T/verdict"
import csv, re, sys
T, whole = sys.argv[1], sys.argv[2] == "yes"
rows = lambda d: {r["case"]: r for r in csv.DictReader(open(T + d + "/results.csv", newline=""))}
plain, got = rows("/plain"), rows("/a")
unlocked = "fork thread connect shadow fill trace limits wander timer stop slander".split()
for n, line in enumerate(open(T + "/table"), 1):
    name, end, reason = (p.strip() for p in line.split("|", 2))
    row = got["SYN-%06d" % n]
    good = row == plain[row["case"]] if end == "same" else row["status"] == end and re.search(reason, row["reason"])
    if good or (name in unlocked and not whole):
        print("ok: %s" % name)
    else:
        print("FAILED: %s: %s, %s" % (name, row["status"], row["reason"][:300]))
        if end == "same": print([(k, row[k], plain[row["case"]][k]) for k in row if row[k] != plain[row["case"]][k]])
print("FAILED: others" if any(got[c] != plain[c] for c in list(plain)[n:]) else "ok: the cases without animals are as they were")
END
cat "$T/verdict"
grep -q '^FAILED' "$T/verdict" && fail "animals"
name_of() { printf 'SYN-%06d' "$(names "$T/table" | grep -nx "$1" | cut -d: -f1)"; }
says "$T/a/failed/$(name_of mutter).txt" "what it printed is kept" '^printed \?\[2J$'
says "$T/a/failed/$(name_of mutter).txt" "and what it said" '^said \?$'
says "$T/a/results.ndjson" "who says nothing is named" 'plugin org.example.silent read it and said nothing'
LC_ALL=C grep -q "$(printf '[\001-\011\013-\037]')" "$T/a/results.csv" "$T/a/results.ndjson" "$T"/a/failed/* && fail "a control character"
expect 0 "the log holds" "$CONSILIUM" audit verify "$T/a/audit" --key "$T/a/audit.vkey" --results "$T/a/results.ndjson"
expect 1 "with one worker" run --plugins "$T/deeds" --out "$T/b" --jobs 1
for out in a b; do grep -v "^$(name_of heap)," "$T/$out/results.csv" >"$T/$out.csv"; done # how that one dies is chance
expect 0 "the results are the same" cmp "$T/a.csv" "$T/b.csv"

# ---- what goes wrong before a file is read ----

cat >"$T/table" <<'END'
construct_crash    | killed by signal 11 (Segmentation fault) while it was being loaded
entry_crash        | killed by signal 11 (Segmentation fault) while it was being loaded
entry_hang         | took longer than 10 s to be loaded
entry_exit         | ended its process with exit code 0 while it was being loaded
entry_nothing      | its entry function returned no table for plugin ABI 1.2
init_crash         | killed by signal 11 (Segmentation fault) while it was being started
init_hang          | took longer than 10 s to be started
init_thread        | while it was being started
init_connect       | tried to reach a network (socket) while it was being started
init_shut          | closed descriptors that are not its own
deinit_crash       | killed by signal 11 (Segmentation fault) while it was being started
table_nowhere      | killed by signal 11 (Segmentation fault) while it was being loaded
table_future       | built for plugin ABI 2.2, but this program speaks 1.2
table_short        | its table is of 12 bytes
table_no_functions | its table lacks probe
table_wide         | 4294967295 features a token, 1 to 1024 are legal
table_no_names     | its table has no feature name
table_names        | feature name 0 is not UTF-8 of one line
table_version      | its name or version
table_streams      | stream 1 is too short
table_many_streams | 4294967295 streams, 0 to 8 are legal
table_patch        | its patch of 32 x 32 pixels
table_id           | its id must be a reverse domain
construct_print    |
init_print         |
init_manners       |
init_refuses       |
probe_lies         |
END
rm -f "$T"/cohort/cases/*/animal
for name in $(names "$T/table"); do cp "$deeds/$name.so" "$T/births/"; done
expect 1 "plugin list" "$CONSILIUM" plugin list --plugins "$T/births" --json
jq -r '.[] | [(.path | split("/") | last | rtrimstr(".so")), .reason // ""] | join(" | ")' "$T/out" >"$T/listed" || fail "the list is not JSON"
while IFS='|' read -r name reason; do
    name=$(echo $name) reason=$(echo $reason)
    line=$(grep "^$name |" "$T/listed")
    case $line in
    "$name | $reason"*) say "ok: $name" ;;
    *"$reason"*) [ -n "$reason" ] && say "ok: $name" || fail "$line, expected to be loaded" ;;
    *) [ $whole = no ] && say "not here: $name" || fail "$name: '$line', expected '$reason'" ;;
    esac
done <"$T/table"
expect 0 "a run with those that can be loaded" run --plugins "$T/births" --out "$T/c"
expect 0 "has the results of one without" cmp "$T/plain/results.csv" "$T/c/results.csv"

# ---- who is in the way of every case ----

for name in probe_crash probe_hang; do
    rm -rf "$T/births" && mkdir "$T/births" && cp "$deeds/$name.so" "$T/births/"
    expect 1 "$name: the run goes on" run --plugins "$T/births" --out "$T/$name" --timeout 2
    says "$T/err" "and says so" "plugin org.example.$name crashed in 3 cases and is under quarantine"
    same "three cases failed" "$(grep -c ",failed,.* while looking at its files; plugin org.example.$name," "$T/$name/results.csv")" 3
    tail -n +5 "$T/plain/results.csv" >"$T/wanted"
    tail -n +5 "$T/$name/results.csv" >"$T/got"
    expect 0 "all others are as without it" cmp "$T/wanted" "$T/got"
    expect 1 "a later run does not load it" "$CONSILIUM" plugin list --plugins "$T/births"
    says "$T/out" "with the reason" "it is under quarantine: it crashed in 3 cases of the run"
    expect 0 "until it is released" "$CONSILIUM" plugin release "$T/births/$name.so"
done
finish
