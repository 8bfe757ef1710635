#!/bin/sh
# What is done again, and what is not: failed cases when asked for, cases whose files changed always, all else never.
. "$(dirname "$0")/lib.sh"

expect 0 "a cohort" "$CONSILIUM" synth --cases 8 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
cd "$T" || exit 1
run() { "$CONSILIUM" run cohort --model m.safetensors "$@"; }
entries() { "$CONSILIUM" audit show "$1/audit" | grep -c "Case $2:"; }
record=cohort/cases/SYN-000003/record.json
cp "$record" kept
printf '{"resourceType": "Bundle", "entry": [' >"$record"
cp "$record" broken

expect 1 "a broken file costs its case" run --out o
same "one failed" "$(grep -c ',failed,' o/results.csv)" 1
expect 1 "started again, nothing is done" run --out o
same "no case has a second entry" "$(entries o scored) $(entries o failed)" "7 1"
touch "$record"
expect 1 "a file that was touched is the same file" run --out o
same "still no second entry" "$(entries o failed)" 1

expect 1 "retry does the failed case again" "$CONSILIUM" retry o
same "which has a second entry" "$(entries o scored) $(entries o failed)" "7 2"
cp kept "$record"
expect 0 "a file that was put right is noticed without being asked" run --out o
says "$T/err" "and said" "case SYN-000003: its files are not those that were read"
same "it is scored" "$(entries o scored)" 8
expect 0 "a run in one go" run --out fresh
same "has the same results" "$(cat o/results.csv)" "$(cat fresh/results.csv)"
expect 0 "the log holds" "$CONSILIUM" audit verify o/audit --key o/audit.vkey

cp broken "$record"
expect 1 "a file that was broken later is noticed, too" run --out o
same "its case failed" "$(grep -c ',failed,' o/results.csv)" 1
cp kept "$record"
cd / || exit 1
expect 0 "retry from elsewhere" "$CONSILIUM" retry "$T/o"
mv "$T/o" "$T/moved"
expect 2 "retry of a folder that was moved" "$CONSILIUM" retry "$T/moved"
says "$T/err" "says what to do" "moved: was moved since the run; give .consilium run. its arguments and --retry"
expect 3 "retry of what is no run" "$CONSILIUM" retry "$T/cohort"
expect 2 "retry of nothing" "$CONSILIUM" retry
finish
