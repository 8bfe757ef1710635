#!/bin/sh
# Files of two patients in one folder are withheld under strict, scored with a warning under warn, and scored under off.
. "$(dirname "$0")/lib.sh"

"$CONSILIUM" synth --cases 24 --seed 3 --out "$T/cohort" >/dev/null 2>&1 || fail "synth"
"$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1 >/dev/null 2>&1 || fail "train"
"$CONSILIUM" audit keygen --out "$T/key" --origin test.example/audit >/dev/null || fail "keygen"
mkdir -p "$T/cases/A"
cp "$T/cohort/cases/SYN-000001/"*.dcm "$T/cases/A/"
cp "$T/cohort/cases/SYN-000002/"record.* "$T/cases/A/"
cp -r "$T/cohort/cases/SYN-000003" "$T/cases/B"

expect 1 "strict, the default" "$CONSILIUM" run "$T/cases" --model "$T/m.safetensors" --out "$T/strict" --key "$T/key/audit.pem"
same "A is withheld, B is scored" "$(jq -r '.case + " " + .status' "$T/strict/results.ndjson" | tr '\n' ' ')" "A withheld B scored "
jq -r 'select(.case=="A").reason' "$T/strict/results.ndjson" >"$T/reason"
says "$T/reason" "the reason names both values" "SYN-000001.*SYN-000002|SYN-000002.*SYN-000001"
says "$T/reason" "and both sources" "\.dcm"
says "$T/reason" "and both sources" "record\.(json|xml)"
expect 0 "warn" "$CONSILIUM" run "$T/cases" --model "$T/m.safetensors" --out "$T/warn" --key "$T/key/audit.pem" --identity warn
same "A is scored with a warning" "$(jq -r 'select(.case=="A") | .status + " " + (.warnings | length > 0 | tostring)' "$T/warn/results.ndjson")" "scored true"
expect 0 "off" "$CONSILIUM" run "$T/cases" --model "$T/m.safetensors" --out "$T/off" --key "$T/key/audit.pem" --identity off
expect 2 "another word" "$CONSILIUM" run "$T/cases" --model "$T/m.safetensors" --out "$T/x" --key "$T/key/audit.pem" --identity lax
says "$T/err" "names the three" "strict.*warn.*off"
expect 0 "the withheld case is in a log that verifies" "$CONSILIUM" audit verify "$T/strict/audit" --key "$T/key/audit.vkey"
finish
