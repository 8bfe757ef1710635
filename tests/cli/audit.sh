#!/bin/sh
# What an auditor does with a log: verify, list, take out an entry, prove it; and what the answers are when it was touched.
. "$(dirname "$0")/lib.sh"
key=$T/key/audit.vkey log=$T/log

expect 0 "keygen" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/audit
says "$T/out" "keygen prints the verifier key" '^test\.example/audit\+[0-9a-f]{8}\+A'
same "the private key is private" "$(stat -c %a "$T/key/audit.pem")" 600
expect 2 "a key is never overwritten" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/audit
expect 2 "an origin with a space" "$CONSILIUM" audit keygen --out "$T/key2" --origin "two words"
expect 0 "a log" "$MAKE_LOG" "$T/key/audit.pem" "$log"

expect 0 "verify" "$CONSILIUM" audit verify "$log" --key "$key"
says "$T/out" "verify counts" '^verified: 5 entries of test\.example/audit$'
expect 0 "verify with the key itself" "$CONSILIUM" audit verify "$log" --key "$(cat "$key")"
expect 0 "verify --json" "$CONSILIUM" audit verify "$log" --key "$key" --json
says "$T/out" "verify --json is an object" '^\{"valid": true, "origin": "test\.example/audit", "size": 5, "verified": 5, "root": "[0-9a-f]{64}"\}$'
expect 2 "verify without a key" "$CONSILIUM" audit verify "$log"
expect 2 "verify with what is no key" "$CONSILIUM" audit verify "$log" --key nonsense
expect 3 "verify what is not there" "$CONSILIUM" audit verify "$T/none" --key "$key"
expect 2 "an action that there is not" "$CONSILIUM" audit destroy

expect 0 "show" "$CONSILIUM" audit show "$log"
same "show gives a line an entry and one a reason" "$(wc -l <"$T/out")" 6
says "$T/out" "show names the case" 'ok +Case scored: case case-1, input record\.json, result case-1$'
says "$T/out" "show gives the reason" '^ +birth dates differ$'
grep -q "$(printf '\033')" "$T/out" && fail "an entry's bytes reach the terminal"
expect 0 "show --json" "$CONSILIUM" audit show "$log" --json
same "show --json gives a line an entry" "$(wc -l <"$T/out")" 5
says "$T/out" "show --json has objects" '"objects":\[\{"role":"case","id":"case-1"\},\{"role":"input","id":"record\.json","sha256":"e3b0'
expect 3 "show past the end" "$CONSILIUM" audit show "$log" 5
expect 2 "show an index that is none" "$CONSILIUM" audit show "$log" -- -1

expect 0 "show 2" "$CONSILIUM" audit show "$log" 2
cp "$T/out" "$T/entry.xml"
expect 0 "prove" "$CONSILIUM" audit prove "$log" 2 --out "$T/2.tlog-proof"
says "$T/2.tlog-proof" "a proof names its form" '^c2sp\.org/tlog-proof@v1$'
expect 0 "check-proof" "$CONSILIUM" audit check-proof "$T/2.tlog-proof" --entry "$T/entry.xml" --key "$key"
says "$T/out" "check-proof says of what" 'is in the log of test\.example/audit$'
printf ' ' >>"$T/entry.xml"
expect 1 "check-proof of another entry" "$CONSILIUM" audit check-proof "$T/2.tlog-proof" --entry "$T/entry.xml" --key "$key"
expect 3 "prove past the end" "$CONSILIUM" audit prove "$log" 99

cp -r "$log" "$T/touched"
sed -i 's/birth dates differ/birth dates agree!/' "$T/touched/tile/entries/000.p/5"
expect 1 "an altered entry" "$CONSILIUM" audit verify "$T/touched" --key "$key"
says "$T/err" "it is named" 'entry 3 does not match its hash in tile/0/000\.p/5$'
expect 1 "an altered entry, for machines" "$CONSILIUM" audit verify "$T/touched" --key "$key" --json
says "$T/out" "it is named there too" '"valid": false.*"verified": 3.*entry 3 does not match'
expect 1 "it cannot be proven" "$CONSILIUM" audit prove "$T/touched" 3
"$CONSILIUM" audit keygen --out "$T/other" --origin test.example/audit >/dev/null
expect 1 "another key" "$CONSILIUM" audit verify "$log" --key "$T/other/audit.vkey"
rm "$T/touched/checkpoint"
expect 1 "no checkpoint" "$CONSILIUM" audit verify "$T/touched" --key "$key"
finish
