#!/bin/sh
# A plugin that crashes in three cases is not used any more, in this run and in later ones, until it is released; a run of
# which too much fails stops.
. "$(dirname "$0")/lib.sh"

ZOO=$BINARY_DIR/tests/plugins
mkdir "$T/plugins"
cp "$ZOO/crash.so" "$T/plugins/"
expect 0 "a cohort" "$CONSILIUM" synth --cases 12 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
n=0
for case in "$T"/cohort/cases/*; do
    n=$((n + 1))
    case $n in
    2 | 4 | 6) printf 'zoo crash\n' >"$case/odd" ;;
    1 | 8) printf 'zoo crash\nspare\n' >"$case/odd" ;;
    esac
done
run() { "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --plugins "$T/plugins" "$@"; }

expect 1 "the run goes on" run --out "$T/a" --jobs 2
says "$T/err" "and says what it found" "plugin org.example.crash crashed in 3 cases and is under quarantine"
status() { sed -n "$(($1 + 1))p" "$2/results.csv" | cut -d, -f2; }
for i in 1 3 5 7 9 12; do same "case $i is scored" "$(status $i "$T/a")" scored; done
for i in 2 4 6 8; do same "case $i failed" "$(status $i "$T/a")" failed; done
says "$T/a/results.csv" "a case before the third crash is scored" "^SYN-000001,scored"
says "$T/a/results.csv" "one behind it is told why it is not" \
    "^SYN-000008,failed,plugin org.example.crash is under quarantine: it crashed in 3 cases before"
expect 0 "the log holds" "$CONSILIUM" audit verify "$T/a/audit" --key "$T/a/audit.vkey"
expect 0 "and tells of it" "$CONSILIUM" audit show "$T/a/audit"
says "$T/out" "as an alert" "org.example.crash crashed in 3 cases"

expect 0 "status" "$CONSILIUM" status "$T/a"
says "$T/out" "how far it is" "a: finished, 12 of 12 cases"
says "$T/out" "why most failed" "^ +3  killed by signal 11 \(Segmentation fault\) while reading; plugin org.example.crash"
says "$T/out" "and the other" "^ +1  plugin org.example.crash is under quarantine"
expect 0 "as JSON" "$CONSILIUM" status "$T/a" --json
same "in numbers" "$(jq -r '[.total, .scored, .failed, (.slowest | length), .state] | join(" ")' "$T/out")" "12 8 4 10 finished"

expect 1 "plugin list shows it" "$CONSILIUM" plugin list --plugins "$T/plugins"
says "$T/out" "with the reason" "NOT LOADED  it is under quarantine: it crashed in 3 cases of the run"
expect 0 "release" "$CONSILIUM" plugin release "$T/plugins/crash.so"
expect 0 "it loads again" "$CONSILIUM" plugin list --plugins "$T/plugins"
expect 2 "a second release" "$CONSILIUM" plugin release "$T/plugins/crash.so"
says "$T/err" "says that there is none" "crash.so: is not under quarantine"

touch "$T/nowhere"
XDG_STATE_HOME="$T/nowhere" expect 1 "where the quarantine cannot be kept the run ends all the same" run --out "$T/d" --jobs 2
says "$T/err" "and says so" "the quarantine cannot be kept for later runs: "
expect 1 "with one worker" run --out "$T/b" --jobs 1
same "the same results" "$(cat "$T/a/results.csv")" "$(cat "$T/b/results.csv")"
expect 0 "release again" "$CONSILIUM" plugin release "$T/plugins/crash.so"

expect 3 "too many failures" run --out "$T/c" --jobs 1 --max-failures 2
says "$T/err" "it says so" "stopped after [0-9]+ of 12 cases, too many of which failed; run again to resume"
expect 0 "status of what was stopped" "$CONSILIUM" status "$T/c"
says "$T/out" "says so" "c: stopped, [0-9]+ of 12 cases"
expect 1 "and goes on where it stopped" run --out "$T/c" --jobs 1
same "to the same results" "$(cat "$T/a/results.csv")" "$(cat "$T/c/results.csv")"
finish
