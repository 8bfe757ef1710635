#!/bin/sh
# Help is there, wrong usage is exit 2 with one line that says what would be right.
. "$(dirname "$0")/lib.sh"

expect 0 "--help" "$CONSILIUM" --help
for verb in $("$CONSILIUM" --help | sed -n '/^Verbs:/,/^$/p' | awk '/^  / {print $1}'); do
    expect 0 "$verb --help" "$CONSILIUM" "$verb" --help
    says "$T/out" "$verb --help shows its usage" "^Usage: consilium $verb"
    says "$T/out" "$verb --help lists exit codes" "Exit codes"
    expect 2 "$verb with an option that it has not" "$CONSILIUM" "$verb" --no-such-option
done
for verb in run report embed train eval retrieve model synth audit plugin; do
    "$CONSILIUM" --help | grep -q "^  $verb " || fail "verb $verb is not in --help"
    expect 2 "$verb without arguments" "$CONSILIUM" "$verb"
    says "$T/err" "$verb says how to get help" "consilium $verb --help"
done
expect 0 "--version" "$CONSILIUM" --version
says "$T/out" "version and ABI" '^consilium [0-9]+\.[0-9]+\.[0-9]+ \(plugin ABI 1\.'
expect 2 "no verb" "$CONSILIUM"
expect 2 "unknown verb" "$CONSILIUM" diagnose
says "$T/err" "the verb is named" "no verb 'diagnose'"
expect 2 "a number out of range" "$CONSILIUM" synth --cases -3 --seed 1 --out "$T/x"
says "$T/err" "the legal range is named" "--cases takes a whole number from"
for verb in run eval; do
    expect 2 "$verb in a precision that is none" "$CONSILIUM" $verb a b --precision f64
    says "$T/err" "precisions are named" "f32 or bf16, not 'f64'"
done
finish
