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

expect 0 "query by case" "$CONSILIUM" audit query "$log" --case case-1
same "one entry" "$(wc -l <"$T/out")" 1
expect 0 "query by outcome" "$CONSILIUM" audit query "$log" --outcome minor --json
same "it is the withheld one" "$(jq -c '[.index,.type]' "$T/out")" '[3,"Case withheld"]'
expect 0 "query by event" "$CONSILIUM" audit query "$log" --event 110121 --json
same "it is the stop" "$(jq .index "$T/out")" 4
expect 0 "query by hash" "$CONSILIUM" audit query "$log" --hash e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 --json
same "files, plugins and results" "$(jq -s -c 'map(.index)' "$T/out")" '[1,2]'
expect 0 "query by plugin" "$CONSILIUM" audit query "$log" --plugin org.consilium.record --json
same "by its id without the version" "$(jq .index "$T/out")" 1
expect 0 "query by time" "$CONSILIUM" audit query "$log" --to 2020
says "$T/out" "nothing is that old" '^no entry$'
expect 0 "query of a year" "$CONSILIUM" audit query "$log" --from "$(date -u +%Y)" --to "$(date -u +%Y)" --json
same "all is of this year" "$(wc -l <"$T/out")" 5
expect 2 "query by a time that is none" "$CONSILIUM" audit query "$log" --from yesterday
expect 2 "query by a hash that is none" "$CONSILIUM" audit query "$log" --hash e3b0
expect 2 "query by an outcome that is none" "$CONSILIUM" audit query "$log" --outcome bad

expect 0 "export as a table" "$CONSILIUM" audit export "$log" --format csv
same "a row an entry and one of heads" "$(wc -l <"$T/out")" 6
expect 0 "export for people" "$CONSILIUM" audit export "$log" --format html --out "$T/log.html"
says "$T/log.html" "the page has the reason" 'birth dates differ'
grep -Eq '<script|(src|href)=' "$T/log.html" && fail "the page loads or runs something"
expect 0 "export as FHIR" "$CONSILIUM" audit export "$log" --format fhir
same "an AuditEvent an entry" "$(jq -r .resourceType "$T/out" | sort | uniq -c | tr -s ' ')" " 5 AuditEvent"
schema=${CONSILIUM_TEST_DATA:-$(dirname "$0")/../../../shared/data}/schemas/fhir_r4/fhir-single.xsd
if [ -f "$schema" ] && command -v python3 >/dev/null && command -v xmllint >/dev/null; then
    python3 "$(dirname "$0")/fhir_xml.py" <"$T/out" >"$T/events.xml"
    expect 0 "HL7's schema accepts them" xmllint --noout --nonet --schema "$schema" "$T/events.xml"
else
    echo "skipped: the FHIR schema, python3 or xmllint is not there"
fi
expect 2 "export in a form that is none" "$CONSILIUM" audit export "$log" --format pdf

cp "$log/checkpoint" "$T/earlier"
cp -r "$log" "$T/grown"
expect 0 "the log goes on" "$MAKE_LOG" "$T/key/audit.pem" "$T/grown"
expect 0 "diff of two copies" "$CONSILIUM" audit diff "$log" "$T/grown" --key "$key"
says "$T/out" "it has grown" '^consistent: 5 entries, and 5 after them$'
expect 0 "diff with a checkpoint" "$CONSILIUM" audit diff "$T/earlier" "$T/grown"
expect 1 "diff the wrong way round" "$CONSILIUM" audit diff "$T/grown" "$log"
says "$T/err" "the tail is missing" 'has 5 entries, the older log 10: all from entry 5 on were cut off'
expect 0 "verify since a checkpoint" "$CONSILIUM" audit verify "$T/grown" --key "$key" --since "$T/earlier"
expect 1 "verify a log whose tail was cut off" "$CONSILIUM" audit verify "$log" --key "$key" --since "$T/grown/checkpoint"
says "$T/err" "it is said from where" 'all from entry 5 on were cut off'
expect 0 "a second log by the same key" "$MAKE_LOG" "$T/key/audit.pem" "$T/rewritten"
expect 1 "verify a log that was written anew" "$CONSILIUM" audit verify "$T/rewritten" --key "$key" --since "$T/earlier"
says "$T/err" "it is said" 'its first 5 entries are not those .* the log was rewritten'
expect 1 "diff with it" "$CONSILIUM" audit diff "$log" "$T/rewritten"
says "$T/err" "the first entry that differs" 'entry 0 is another one'

# An index of the logs of two writers.
"$CONSILIUM" audit keygen --out "$T/key2" --origin second.example/audit >/dev/null
"$CONSILIUM" audit keygen --out "$T/indexkey" --origin index.example/audit >/dev/null
expect 0 "a log of a second writer" "$MAKE_LOG" "$T/key2/audit.pem" "$T/log2"
merge() { "$CONSILIUM" audit merge "$T/grown" "$key" "$T/log2" "$T/key2/audit.vkey" --key "$T/indexkey/audit.pem" --out "$T/index"; }
expect 0 "merge" merge
verify_index() { "$CONSILIUM" audit verify "$T/index" --key "$T/indexkey/audit.vkey"; }
expect 0 "the index and all that it binds" verify_index
says "$T/out" "the second writer's log is named" '^verified: 5 entries of second\.example/audit in .*, bound at 5$'
expect 0 "a bound log goes on" "$MAKE_LOG" "$T/key2/audit.pem" "$T/log2"
expect 0 "and is still bound" verify_index
rm -rf "$T/grown" && cp -r "$log" "$T/grown"
expect 1 "a bound log was cut off" verify_index
says "$T/err" "the entry of the index is named" 'has 5 entries, entry 0 of the index says 10'
expect 1 "and cannot be bound as what it is not" "$CONSILIUM" audit merge "$T/log2" "$key" --key "$T/indexkey/audit.pem" --out "$T/index"

expect 0 "recover what needs none" "$CONSILIUM" audit recover "$log" --key "$key"
says "$T/out" "it says how many there are" '^recovered: 5 entries$'

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
