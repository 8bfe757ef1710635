#!/bin/sh
# run --log json: whatever happens, each line of the standard error is an object of schemas/log-line.schema.json, and none
# holds a name of a case, of a file, or anything of a patient.
. "$(dirname "$0")/lib.sh"
PYTHON=$(python_with jsonschema || python_with json) || { say "skipped: no python3"; exit 77; }

mkdir "$T/plugins"
cp "$BINARY_DIR/tests/plugins/crash.so" "$T/plugins/"
printf 'no plugin' >"$T/plugins/broken.so"
expect 0 "a cohort" "$CONSILIUM" synth --cases 12 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
expect 0 "a key" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/log
# Cases are called as some hospitals call their folders: by whom they are about.
for case in "$T"/cohort/cases/*; do
    "$CONSILIUM" embed "$case" | jq -r 'select(.type=="fact") | select(.kind|test("id|name|date|sample")) | .value' >>"$T/facts"
    name=$("$CONSILIUM" embed "$case" | jq -rn '[inputs | select(.kind=="patient_name").value][0]')
    mv "$case" "$T/cohort/cases/$name, born ${case##*/}"
done
n=0
for case in "$T"/cohort/cases/*; do
    n=$((n + 1))
    printf '%s\n' "${case##*/}" >>"$T/facts"
    case $n in
    1 | 2 | 3) printf 'zoo crash\n' >"$case/report of Schmidt" ;;
    4) printf 'zoo crash\nspare\n' >"$case/report of Schmidt" ;;
    5) printf '{"resourceType":"Bundle",' >"$case/record.json"; rm -f "$case/record.xml" ;;
    6) other=$case ;;
    7) rm -f "$case"/record.*; cp "$other"/record.* "$case" ;;
    esac
done
(cd "$T/cohort/cases" && find . -type f -printf '%f\n') >>"$T/facts"
grep -E '.{4}' "$T/facts" | sort -u >"$T/secrets"
run() { "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --plugins "$T/plugins" --log json --key "$T/key/audit.pem" "$@"; }
lines() { "$PYTHON" "$SOURCE_DIR/tests/cli/log_lines.py" "$SOURCE_DIR/schemas/log-line.schema.json" "$T/secrets" "$@"; }
# log WHAT EVENT...: the lines that the last command wrote are right, and have these events.
log() {
    of=$1
    shift
    cp "$T/err" "$T/log"
    expect 0 "$of: every line is right" lines "$T/log"
    cp "$T/out" "$T/events"
    for event in "$@"; do says "$T/events" "$of: $event" "(^| )$event( |\$)"; done
}

expect 1 "a run in which much goes wrong" run --out "$T/a" --jobs 2
log "run" run-started case-scored case-failed case-withheld plugin-refused plugin-quarantined run-finished
reasons() { jq -r 'select(.event=="case-failed" or .event=="case-withheld") | "\(.row) \(.reason) \(.plugin)"' "$T/log"; }
same "why, where and by which plugin" "$(reasons | tr '\n' ';')" \
    "1 crash org.example.crash;2 crash org.example.crash;3 crash org.example.crash;4 quarantine null;5 format null;7 identity null;"
same "a line for each case" "$(jq -r 'select(.case).case' "$T/log" | sort -u | wc -l)" 12
same "their pseudonyms are those of the openings" \
    "$(jq -r 'select(.entry) | "\(.entry) \(.case)"' "$T/log")" \
    "$(jq -r 'select(.entry) | .entry' "$T/log" | while read -r i; do grep "^$i " "$T/a/audit.openings" | cut -d' ' -f1-2; done)"
same "results of the same" "$(jq -r '.audit.index' "$T/a/results.ndjson")" "$(jq -r 'select(.entry) | .entry' "$T/log")"

rm -rf "$HOME/.local" # no quarantine from here on
expect 0 "a changed file" sh -c "printf ' ' >>'$(find "$T/cohort/cases" -name 'report of Schmidt' | sort | tail -n 1)'"
expect 1 "is seen" run --out "$T/a"
log "again" case-changed run-finished
rm -rf "$HOME/.local"
expect 3 "too much goes wrong" run --out "$T/b" --jobs 1 --max-failures 2
log "stopped" run-stopped
mv "$other" "$T/elsewhere"
expect 2 "a list that lacks a case" run --out "$T/a"
log "without a name" run-failed
same "but with where and why" "$(jq -r 'select(.event=="run-failed") | .step + " " + .reason' "$T/log")" "list usage"
printf 'case,path,patient\n' >"$T/cases.csv"
for case in "$T"/cohort/cases/*; do printf '"%s","%s",Meyer\n"%s","%s",Schmidt\n' "$case" "$case" "$case" "$case"; done >>"$T/cases.csv"
printf 'Meyer\nSchmidt\n' >>"$T/secrets"
expect 3 "a list that contradicts itself" \
    "$CONSILIUM" run "$T/cases.csv" --model "$T/m.safetensors" --out "$T/c" --log json --key "$T/key/audit.pem"
log "without a name" run-failed
same "but with where and why" "$(jq -r 'select(.event=="run-failed") | .step + " " + .reason' "$T/log")" "cases format"
expect 3 "a model that is none" "$CONSILIUM" run "$T/cohort" --model "$T/cases.csv" --out "$T/c" --log json --key "$T/key/audit.pem"
log "with its file" run-failed
says "$T/log" "which is no patient's" '"step":"workers".*"detail":"[^"]*cases.csv'
expect 3 "a key that is none" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/c" --log json --key "$T/cases.csv"
log "of its key" run-failed
expect 1 "a key of its own" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/c" --log json
log "made" key-made run-finished
expect 2 "another form" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/c" --log xml
says "$T/err" "is named" "log takes text or json, not 'xml'"
finish
