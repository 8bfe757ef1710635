#!/bin/sh
# The main job as a user does it: synth, train, eval, run, report, audit; then the same with a bad case, resumed, and with
# another number of workers.
. "$(dirname "$0")/lib.sh"

expect 0 "synth" "$CONSILIUM" synth --cases 36 --seed 7 --out "$T/cohort"
expect 0 "synth again" "$CONSILIUM" synth --cases 36 --seed 7 --out "$T/cohort2"
diff -r "$T/cohort" "$T/cohort2" >/dev/null || fail "the same seed does not give the same bytes"
same "cases" "$(ls "$T/cohort/cases" | wc -l)" 36
expect 0 "embed a case" "$CONSILIUM" embed "$T/cohort/cases/SYN-000001"
same "three modalities" "$(jq -r 'select(.type=="token").modality' "$T/out" | sort -u | tr '\n' ' ')" "image record variant "
same "one sex" "$(jq -r 'select(.type=="fact" and .kind=="sex").value' "$T/out" | sort -u | wc -l)" 1

expect 0 "train" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --seed 1 --epochs 3 --jobs 1
expect 0 "train with two threads" "$CONSILIUM" train "$T/cohort" --out "$T/m2.safetensors" --seed 1 --epochs 3 --jobs 2
cmp -s "$T/m.safetensors" "$T/m2.safetensors" || fail "the model depends on --jobs"
expect 0 "eval" "$CONSILIUM" eval "$T/m.safetensors" "$T/cohort" --json
same "a row for each subset" "$(jq '.subsets | length' "$T/out")" 7
same "every fusion" "$(jq -r '.fusion | keys | join(" ")' "$T/out")" "early hybrid late"
same "an interval around the AUC" "$(jq '.labels.malignancy | .auc_ci[0] <= .auc and .auc <= .auc_ci[1]' "$T/out")" true

expect 0 "keygen" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/audit
same "the private key is private" "$(stat -c %a "$T/key/audit.pem")" 600
expect 0 "run" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/run1" --key "$T/key/audit.pem" --jobs 1
same "a result for each case" "$(wc -l <"$T/run1/results.ndjson")" 36
same "all scored" "$(jq -r .status "$T/run1/results.ndjson" | sort -u)" scored
same "in manifest order" "$(jq -r .case "$T/run1/results.ndjson" | sort -c 2>&1)" ""
same "hashes of inputs are those of the files" \
    "$(jq -r 'select(.case=="SYN-000001").inputs[] | .sha256' "$T/run1/results.ndjson" | sort | tr '\n' ' ')" \
    "$(sha256sum "$T/cohort/cases/SYN-000001"/* | cut -d' ' -f1 | sort | tr '\n' ' ')"
same "model hash" "$(jq -r .model "$T/run1/results.ndjson" | sort -u)" "$(sha256sum "$T/m.safetensors" | cut -d' ' -f1)"
expect 0 "verify" "$CONSILIUM" audit verify "$T/run1/audit" --key "$T/key/audit.vkey"

expect 0 "run with two workers" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/run2" --key "$T/key/audit.pem" --jobs 2
cmp -s "$T/run1/results.csv" "$T/run2/results.csv" || fail "results.csv depends on --jobs"
jq -c 'del(.audit)' "$T/run1/results.ndjson" >"$T/1"
jq -c 'del(.audit)' "$T/run2/results.ndjson" >"$T/2"
cmp -s "$T/1" "$T/2" || fail "results.ndjson depends on --jobs beyond its audit member"

expect 0 "run without findings" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/bare" --key "$T/key/audit.pem" --no-findings
cmp -s "$T/run1/results.csv" "$T/bare/results.csv" || fail "results.csv depends on --no-findings"
same "leaves out the findings" "$(jq '[.findings, .scores[].findings] | add | length' "$T/bare/results.ndjson" | sort -u)" 0
without='del(.audit, .findings, .scores[].findings) | .warnings |= map(select(.text | startswith("the findings of") | not))'
same "and nothing else" "$(jq -c "$without" "$T/bare/results.ndjson" | sha256sum)" "$(jq -c "$without" "$T/run1/results.ndjson" | sha256sum)"
expect 2 "and is another run" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/bare" --key "$T/key/audit.pem"
says "$T/err" "which it says" "its findings was false, now it is true"

expect 0 "the same run again does nothing twice" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/run1" --key "$T/key/audit.pem"
jq -c 'del(.audit)' "$T/run1/results.ndjson" | cmp -s - "$T/1" || fail "a second run changed results"
expect 0 "and its log verifies" "$CONSILIUM" audit verify "$T/run1/audit" --key "$T/key/audit.vkey"

# The results against the log.
verify_results() { "$CONSILIUM" audit verify "$T/run1/audit" --key "$T/key/audit.vkey" --results "$1/results.ndjson"; }
expect 0 "the results are the log's" verify_results "$T/run1"
says "$T/out" "and all of them" '^36 results are those that the log vouches for$'
entry=$(sed -n 5p "$T/run1/results.ndjson" | jq .audit.index)
touched() { rm -rf "$T/touched" && mkdir "$T/touched" && cp "$T/run1/results.ndjson" "$T/run1/results.csv" "$T/touched" && "$@"; }
touched sed -i '5s/"status":"scored"/"status":"failed"/' "$T/touched/results.ndjson"
expect 1 "a changed result" verify_results "$T/touched"
says "$T/err" "is named with its entry" "line 5 is not what entry $entry vouches for"
touched sed -i '5s/"index":[0-9]*/"index":2/' "$T/touched/results.ndjson"
expect 1 "a result of another entry" verify_results "$T/touched"
says "$T/err" "is named" "line 5: its leaf hash is not that of entry 2"
touched sed -i 5d "$T/touched/results.ndjson"
expect 1 "a result that is missing" verify_results "$T/touched"
says "$T/err" "the file is named" "results.ndjson: is not the file that entry [0-9]+ says was written"
touched sed -i '5s/0/1/' "$T/touched/results.csv"
expect 1 "a changed table" verify_results "$T/touched"
says "$T/err" "the table is named" "results.csv: is not the file that entry [0-9]+ says was written"
expect 0 "an export of it" "$CONSILIUM" audit export "$T/run1/audit" --format fhir --out "$T/events.ndjson"
same "as many resources as entries" "$(wc -l <"$T/events.ndjson")" "$("$CONSILIUM" audit show "$T/run1/audit" --json | wc -l)"

# A disk that is full, and one that may not be written: the run says so and scores nothing more.
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=1m tmpfs "$T/small" 2>/dev/null; then
    expect 3 "a full disk" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/small/run" --key "$T/key/audit.pem"
    says "$T/err" "it is said" "No space left on device|disk is full"
    mount -o remount,ro "$T/small"
    expect 3 "a disk that is read-only" "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/small/run" --key "$T/key/audit.pem"
    says "$T/err" "it is said" "Read-only file system"
    umount "$T/small"
fi

# One byte of one entry.
bundle=$(find "$T/run2/audit/tile/entries" -type f | sort | head -n 1)
printf 'X' | dd of="$bundle" bs=1 seek=700 conv=notrunc 2>/dev/null
expect 1 "an altered log is found out" "$CONSILIUM" audit verify "$T/run2/audit" --key "$T/key/audit.vkey"
says "$T/err" "and says which entry" "entry [0-9]+"

expect 0 "report" "$CONSILIUM" report "$T/run1"
says "$T/run1/report/index.html" "it is a page" "<html"
says "$T/run1/report/index.html" "with every case" "SYN-000036"
grep -Eq '(src|href)="https?:' "$T/run1/report/index.html" && fail "the page loads something from a network"

# Bad cases among good ones.
cp -r "$T/cohort" "$T/mixed"
head -c 300 "$T/cohort/cases/SYN-000002/dx.dcm" >"$T/mixed/cases/SYN-000002/dx.dcm"
printf '{"resourceType":"Bundle",' >"$T/mixed/cases/SYN-000003/record.json"
rm -f "$T/mixed/cases/SYN-000003/record.xml"
rm -rf "$T/mixed/cases/SYN-000004"
mkdir "$T/mixed/cases/SYN-000004"
expect 1 "a run with bad cases" "$CONSILIUM" run "$T/mixed" --model "$T/m.safetensors" --out "$T/run3" --key "$T/key/audit.pem"
same "they alone fail" "$(jq -r 'select(.status!="scored").case' "$T/run3/results.ndjson" | tr '\n' ' ')" "SYN-000002 SYN-000003 SYN-000004 "
says "$T/run3/results.csv" "with a reason that names the file" "SYN-000003,failed,.*record.json"
same "the good ones have the same scores" \
    "$(jq -c 'select(.case=="SYN-000005") | .scores' "$T/run3/results.ndjson")" "$(jq -c 'select(.case=="SYN-000005") | .scores' "$T/run1/results.ndjson")"

expect 3 "a model that is none" "$CONSILIUM" run "$T/cohort" --model "$T/cohort/labels.csv" --out "$T/run4" --key "$T/key/audit.pem"
says "$T/err" "names the file" "labels.csv"
expect 3 "cases that are not there" "$CONSILIUM" run "$T/none" --model "$T/m.safetensors" --out "$T/run5" --key "$T/key/audit.pem"
finish
