#!/bin/sh
# A folder that is watched: cases are complete when it is quiet, done once whatever kills the program, moved away or
# left, done again when something comes later; signals end, hasten and reload it. What is expected of the results is
# what `consilium run` makes of the same cases.
. "$(dirname "$0")/lib.sh"

expect 0 "a cohort" "$CONSILIUM" synth --cases 10 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
cd "$T" || exit 1
mkdir cohort/cases/BROKEN
printf '{"resourceType": "Bundle", "entry": [' >cohort/cases/BROKEN/record.json
expect 1 "a run over them, to compare with" "$CONSILIUM" run cohort --model m.safetensors --out run
cases=$(ls cohort/cases)

pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$T"' EXIT
# within SECONDS WHAT COMMAND...: it must succeed by then.
within() {
    left=$(($1 * 10)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        if [ $left -le 0 ]; then
            fail "$what: not within the time"
            tail -n 5 "$out.err" | sed 's/^/    /'
            return
        fi
        sleep 0.1
    done
    say "ok: $what"
}
# start OUT [OPTION...]: watches the folder `in`; what it says goes to OUT.err. Returns when it can work.
start() {
    out=$1
    shift
    : >"$out.err"
    "$CONSILIUM" watch in --model m.safetensors --out "$out" --quiet 1 --poll 1 "$@" >>"$out.out" 2>>"$out.err" &
    pid=$!
    within 60 "it watches" grep -q 'it watches\|"run-started"' "$out.err"
}
stop() {
    kill -TERM "$pid"
    wait "$pid"
    same "$1" $? 0
    pid=
}
rows() { [ "$(grep -c . "$1/results.csv")" = $(($2 + 1)) ]; }
entries() { "$CONSILIUM" audit show "$1/audit" | grep -c "Case $2:"; }
verified() { "$CONSILIUM" audit verify "$1/audit" --key "$1/audit.vkey" --results "$1/results.ndjson"; }
is_run() { cmp "$1/results.csv" run/results.csv; }

# ---- cases that come, and what is none ----
mkdir in
ln -s /etc in/link
ln -s "$T/cohort/cases/SYN-000001" in/linked
mkfifo in/pipe
touch in/loose.dcm in/.hidden
mkdir in/empty in/.staging in/SYN-000011.part "in/$(printf 'two\nlines')"
touch "in/$(printf 'two\nlines')/file" in/.staging/file in/SYN-000011.part/file
start o --archive kept --failed bad
for c in $cases; do cp -r "cohort/cases/$c" in; done
within 60 "all cases are done" rows o 11
same "what was scored is moved, what failed goes elsewhere" "$(ls kept | wc -l) $(ls bad)" "10 BROKEN"
is_run o && say "ok: results.csv is that of a run" || fail "results.csv is not that of a run"
same "what is no case is left alone" "$(find in -mindepth 1 -maxdepth 1 ! -name 'two*' | sort | tr '\n' ' ')" \
    "in/.hidden in/.staging in/SYN-000011.part in/empty in/link in/linked in/loose.dcm in/pipe "
says o.err "and that is said" "in/linked is left alone: a case is a folder, and links are not followed"
says o.err "of a name, too" "in/two\?lines is left alone: a case's name must be 1 to 128 bytes"
same "once each" "$(grep -c 'is left alone' o.err)" 5
expect 0 "status while it goes on" "$CONSILIUM" status o
says "$T/out" "says so" "o: watching, 11 of 11 cases"
expect 2 "another on the same folder" "$CONSILIUM" watch in --model m.safetensors --out o
expect 2 "retry of it" "$CONSILIUM" retry o
says "$T/err" "says what to do" "put the failed cases into that folder again"

# ---- a case that drips in ----
case=SYN-000001
mkdir -p in/SLOW
for f in $(cd cohort/cases/$case && find . -type f); do
    mkdir -p "in/SLOW/$(dirname "$f")"
    cp "cohort/cases/$case/$f" "in/SLOW/$f.part"
    sleep 0.3
    mv "in/SLOW/$f.part" "in/SLOW/$f"
done
within 30 "a case that came slowly is done" test -d kept/SLOW
same "once" "$(entries o scored) $(entries o failed)" "11 1"
ln -s /etc/passwd in/SLOW.txt
mkdir in/LINKS
cp cohort/cases/$case/record.json in/LINKS
ln -s "$XDG_CONFIG_HOME/consilium/audit.pem" in/LINKS/key
ln -s /etc in/LINKS/etc
mkfifo in/LINKS/pipe
echo "half of" >in/LINKS/x.dcm.tmp
within 30 "a case with links and a pipe in it is done" test -d kept/LINKS
within 30 "and in the tables" rows o 13
same "without them" "$(jq -r 'select(.case == "LINKS") | [.inputs[].path] | join(" ")' o/results.ndjson)" record.json
test -L kept/LINKS/key && say "ok: they are kept as they are" || fail "a link is gone"

# ---- what comes later ----
cp -r cohort/cases/$case in/
within 30 "a case that comes again as it was is moved" test -d kept/$case~2
same "and not done again" "$(entries o scored)" 12
mkdir in/SYN-000002
cp cohort/cases/SYN-000003/record.json in/SYN-000002/later.json
within 30 "a file that comes later is put to those before" test -e kept/SYN-000002/later.json
within 30 "the tables have the new result" grep -q '"later.json"' o/results.ndjson
same "the case is whole" "$(jq 'select(.case == "SYN-000002").inputs | length' o/results.ndjson)" \
    $(($(find cohort/cases/SYN-000002 -type f | wc -l) + 1))
same "and done again once" "$(entries o scored) $(entries o withheld)" "12 1"
cp cohort/cases/$case/record.json bad/BROKEN/record.json
mv bad/BROKEN in/
within 30 "a failed case that is put back is done again" test -d kept/BROKEN
same "and scored" "$(entries o scored) $(entries o failed)" "13 1"
within 30 "the tables say so" grep -q '^BROKEN,scored' o/results.csv
test -e o/failed/BROKEN.txt && fail "failed/BROKEN.txt is still there" || say "ok: failed/ does not have it any more"
stop "SIGTERM ends it well"
says o.out "with a summary" "^13 cases: 12 scored, 0 failed, 1 withheld$"
expect 0 "the log vouches for the results" verified o
expect 2 "a run into the same folder" "$CONSILIUM" run cohort --model m.safetensors --out o
says "$T/err" "is refused" "holds results of .consilium watch in.; use another --out"
expect 2 "a watch into the folder of a run" "$CONSILIUM" watch in --model m.safetensors --out run
expect 2 "an archive in the folder" "$CONSILIUM" watch in --model m.safetensors --out p --archive in/kept
says "$T/err" "is refused" "the archive must not be in the folder that is watched"
expect 2 "results in the folder that is watched" "$CONSILIUM" watch in --model m.safetensors --out in/no/such/../folder
same "are not even begun" "$(ls -d in/no 2>/dev/null)" ""
expect 3 "a folder that is not there" "$CONSILIUM" watch none --model m.safetensors --out p
expect 2 "a shard of it" "$CONSILIUM" watch in --model m.safetensors --out p --shard 1/2

# ---- left where they are ----
rm -rf in
mkdir in
start left
for c in $cases; do cp -r "cohort/cases/$c" in; done
within 60 "cases that stay are done" rows left 11
is_run left && say "ok: as a run does them" || fail "results.csv is not that of a run"
touch in/$case/record.json
sleep 3
same "one that was touched is not done again" "$(entries left scored)" 10
cp cohort/cases/SYN-000003/record.json in/$case/record.json
within 30 "one that was changed is" grep -q "case $case: its files are not those that were read" left.err
kill -9 "$pid"
wait "$pid"
start left
cp cohort/cases/$case/record.json in/$case/record.json
within 60 "and again, after a kill, when it is as it was" is_run left
stop "it ends well"
start left --retry
sleep 5
stop "it ends well"
same "--retry does the failed ones again, once" "$(entries left failed)" 2

# ---- signals ----
rm -rf in
mkdir in
start s
cp m.safetensors model.2
expect 0 "another model" "$CONSILIUM" train cohort --out other.safetensors --epochs 2
cp -r cohort/cases/SYN-000001 in
within 30 "a case is done with the first model" rows s 1
first=$(jq -r .model s/results.ndjson)
mv other.safetensors m.safetensors
kill -HUP "$pid"
within 30 "SIGHUP takes the other" sh -c '"$CONSILIUM" audit show s/audit | grep -q "model: .* -> "'
cp -r cohort/cases/SYN-000002 in
within 30 "a case is done with it" rows s 2
same "results say with which" "$(jq -r .model s/results.ndjson | sort -u | wc -l) $(jq -r .model s/results.ndjson | head -n 1)" "2 $first"
echo "no model" >m.safetensors
kill -HUP "$pid"
within 30 "a model that is none is refused" grep -q "the configuration as it is now will not do; the one there was goes on" s.err
cp -r cohort/cases/SYN-000003 in
within 30 "and the one there was goes on" rows s 3
same "the log has it" "$("$CONSILIUM" audit show s/audit --json | grep -c 'will not do\|started anew')" 1
mv model.2 m.safetensors
stop "SIGTERM ends it well after that"
expect 0 "one log holds all of it" verified s
expect 0 "--check" "$CONSILIUM" watch in --model m.safetensors --out s --check
expect 2 "--check of settings that will not do" "$CONSILIUM" watch in --model m.safetensors --out run --check

# ---- logs ----
rm -rf in
mkdir in
touch in/loose-of-Schmidt
start j --log json --archive j.kept
rmdir j.kept
touch j.kept
mkdir in/Schmidt
cp cohort/cases/$case/record.json in/Schmidt/of-Schmidt
within 30 "a case is done that cannot be moved" grep -q case-stays j.err
kill -HUP "$pid"
within 60 "it is reloaded" grep -q '"reloading"' j.err
stop "it ends well"
printf 'Schmidt\n' >secrets
if command -v python3 >/dev/null; then
    expect 0 "every line of its log is right" python3 "$SOURCE_DIR/tests/cli/log_lines.py" "$SOURCE_DIR/schemas/log-line.schema.json" secrets j.err
    says "$T/out" "and tells what happened" "case-scored case-stays drop-ignored .*reloading run-finished run-started"
fi

# ---- a full disk ----
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
    rm -rf in
    mkdir in small
    out=f
    unshare --mount sh -c 'mount -t tmpfs -o size=60m tmpfs small && exec "$CONSILIUM" watch in --model m.safetensors \
        --out small/f --quiet 1 --poll 1 --archive f.kept' >f.out 2>f.err &
    pid=$!
    within 60 "it watches" grep -q 'it watches' f.err
    cp -r cohort/cases/$case in
    within 30 "little space is said" grep -q 'small/f: less than 64 MiB are free; no case is begun until there is more' f.err
    sleep 2
    same "and nothing is begun" "$(ls f.kept)" ""
    nsenter -t "$pid" -m mount -o remount,size=200m "$T/small"
    within 30 "with more it goes on" test -d f.kept/$case
    stop "it ends well"
else
    say "no file system can be mounted here: a full disk is not tried"
fi

# ---- from a PACS ----
if command -v storescp >/dev/null && command -v storescu >/dev/null; then
    rm -rf in
    mkdir in
    start d --archive d.kept
    port=$((20000 + $$ % 20000))
    storescp +xa --sort-on-study-uid st -od in $port >/dev/null 2>&1 &
    scp=$!
    for c in SYN-000001 SYN-000002; do
        within 20 "a study is sent" storescu -R -xs localhost $port $(ls cohort/cases/$c/ct-*.dcm)
    done
    within 30 "each is a case" sh -c '[ "$(ls d.kept | wc -l) $(grep -c "^st_2\.25\..*,scored," d/results.csv)" = "2 2" ]'
    kill $scp
    stop "it ends well"
    files=$(ls cohort/cases/SYN-000001/ct-*.dcm cohort/cases/SYN-000002/ct-*.dcm | wc -l)
    same "with all instances that were sent" "$(jq -s 'map(.inputs | length) | add' d/results.ndjson)" "$files"
else
    say "storescp and storescu (dcmtk) are not installed: nothing is sent by DICOM"
fi

# ---- killed at any instant ----
rm -rf in
mkdir in
for c in $cases; do cp -r "cohort/cases/$c" in; done
cp -r in all
i=0
while [ $i -lt 12 ]; do
    i=$((i + 1))
    start k --archive k.kept --failed k.bad --jobs 2
    sleep "$(awk -v i=$i 'BEGIN { print 0.8 + i * 0.07 }')"
    kill -9 "$pid"
    wait "$pid" 2>/dev/null
done
start k --archive k.kept --failed k.bad --jobs 2
within 60 "killed 12 times, all are done and moved" sh -c '[ "$(ls k.kept | wc -l) $(ls k.bad | wc -l) $(ls in | wc -l)" = "10 1 0" ]'
stop "SIGTERM ends it well"
is_run k && say "ok: the results are those of a run" || fail "the results are not those of a run"
same "each once" "$(entries k scored) $(entries k failed)" "10 1"
expect 0 "the log holds" verified k
diff -r all k.kept >"$T/diff"
same "no file is lost or changed" "$(cat "$T/diff")" "Only in all: BROKEN"
finish
