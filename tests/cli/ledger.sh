#!/bin/sh
# What a run writes into its log: every kind of event, each entry valid by both schemas, no identifier of a patient, a case or
# a file in plain; how the key reveals them, and how a case is erased from a log that verifies as before.
. "$(dirname "$0")/lib.sh"
key=$T/key/audit.pem vkey=$T/key/audit.vkey hmac=$T/key/audit.hmac log=$T/run/audit

expect 0 "synth" "$CONSILIUM" synth --cases 12 --seed 3 --out "$T/cohort"
expect 0 "train" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --seed 1 --epochs 1 --jobs 2
patient=$("$CONSILIUM" embed "$T/cohort/cases/SYN-000005" | jq -r 'select(.type=="fact" and .kind=="patient_id").value' | head -n 1)
rm "$T/cohort/cases/SYN-000002"/*
printf '{"resourceType":"Bundle",' >"$T/cohort/cases/SYN-000002/Doe_Jane.json"
mkdir "$T/plugins"
printf 'no plugin' >"$T/plugins/broken.so"
expect 0 "keygen" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/ledger
same "the pseudonym key is private" "$(stat -c %a "$hmac")" 600

run() { "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/run" --key "$key" --plugins "$T/plugins" "$@"; }
expect 1 "run" run --abstain
expect 0 "verify" "$CONSILIUM" audit verify "$log" --key "$vkey"
"$CONSILIUM" audit show "$log" --json >"$T/shown"
kinds() { jq -r .type "$T/shown" | sort | uniq -c | sed 's/^ *//'; }
for kind in "1 Application Start" "1 Application Stop" "1 Plugin refused" "1 Model loaded" "1 Case failed" "1 Results written" "11 Instances read"; do
    kinds | grep -qx "$kind" || fail "the log has not '$kind' but: $(kinds | tr '\n' ',')"
done
says "$T/shown" "a refused plugin is named, with its hash" "\"type\":\"Plugin refused\".*\"id\":\"broken.so\",\"sha256\":\"$(sha256sum "$T/plugins/broken.so" | cut -d' ' -f1)"
same "a case for each" "$(jq -r 'select(.type|startswith("Case ")).type' "$T/shown" | wc -l)" 12
same "abstentions are as many as in the results" "$(jq -r 'select(.type=="Case abstained from").type' "$T/shown" | wc -l)" \
    "$(jq -r 'select(.status=="withheld").status' "$T/run/results.ndjson" | wc -l)"
same "the files written have their hashes" "$(jq -r 'select(.type=="Results written").objects[].sha256' "$T/shown" | tr '\n' ' ')" \
    "$(sha256sum "$T/run/results.csv" "$T/run/results.ndjson" | cut -d' ' -f1 | tr '\n' ' ')"
same "the inputs have theirs" \
    "$(jq -r 'select(.type=="Case failed").objects[] | select(.role=="input").sha256' "$T/shown")" \
    "$(sha256sum "$T/cohort/cases/SYN-000002/Doe_Jane.json" | cut -d' ' -f1)"

# Every entry by xmllint.
count=$(wc -l <"$T/shown") i=0
mkdir "$T/entries"
while [ $i -lt "$count" ]; do "$CONSILIUM" audit show "$log" $i >"$T/entries/$i.xml"; i=$((i + 1)); done
expect 0 "every entry is valid by our schema" xmllint --noout --nonet --schema "$SOURCE_DIR/schemas/audit-message.xsd" "$T/entries"/*.xml
published=$REAL/schemas/dicom_audit/xsd/audit-message.xsd
if [ -r "$published" ]; then
    expect 0 "every entry is valid by the published schema" xmllint --noout --nonet --schema "$published" "$T/entries"/*.xml
else
    say "skipped: no published schema"
fi

# The studies that were read (PS3.15 A.5.3.3), as DCMTK finds them in the files.
if command -v dcmdump >/dev/null; then
    "$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac" --json >"$T/revealed"
    # UID of the study, that of the SOP class and how many, of the DICOM files of a case.
    studies() {
        for file in "$T/cohort/cases/$1"/*; do
            dcmdump -q +P StudyInstanceUID +P SOPClassUID -Un "$file" 2>/dev/null | sed -n 's/.*(0020,000d) UI \[\(.*\)\].*/study \1/p; s/.*(0008,0016) UI \[\(.*\)\].*/class \1/p' | sort -r | cut -d' ' -f2 | paste -sd' '
        done | grep . | sort | uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/\2 \1/'
    }
    for case in SYN-000005 SYN-000006; do
        same "the studies of $case" "$(jq -r "select(.type==\"Instances read\" and any(.objects[]; .role==\"case\" and .id==\"$case\")).objects[] | select(.role==\"study\") | .id + \" \" + (.detail | [scan(\"[0-9.]+ [0-9]+\")][])" "$T/revealed" | sort)" \
            "$(studies $case)"
    done
    study=$(studies SYN-000005 | cut -d' ' -f1)
    [ -n "$study" ] || fail "the files of SYN-000005 name no study"
fi

# Nothing in plain.
for word in SYN-0000 Doe_ "$patient" record.json dx.dcm ${study:+"$study"}; do
    grep -rqF -- "$word" "$log" "$T/run/audit.openings" && fail "'$word' stands in the log or its openings"
done
same "the openings are private" "$(stat -c %a "$T/run/audit.openings")" 600

# Revealed, and checked with another program.
expect 0 "reveal" "$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac"
"$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac" --json >"$T/revealed"
same "as many entries" "$(wc -l <"$T/revealed")" "$count"
same "cases in order" "$(jq -r 'select(.type|startswith("Case ")).objects[] | select(.role=="case").id' "$T/revealed")" \
    "$(ls "$T/cohort/cases")"
says "$T/revealed" "the reason of a failure" '"type":"Case failed".*"role":"reason","id":"[^"]*Doe_Jane\.json'
"$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac" --patient "$patient" --json >"$T/patient"
same "entries about the patient" "$(jq -r '.objects[] | select(.role=="case").id' "$T/patient" | sort -u)" "SYN-000005"
"$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac" --case SYN-000005 --json >"$T/case"
cmp -s "$T/case" "$T/patient" || fail "the case and its patient have other entries"
index=$(jq -r 'select(.type|startswith("Case ")).index' "$T/case")
salt=$(jq -r 'select(.type|startswith("Case ")).salt' "$T/case")
for what in case input; do
    id=$(jq -r "select(.index==$index).objects[] | select(.role==\"$what\").id" "$T/case" | head -n 1)
    hidden=$(jq -r "select(.index==$index).objects[] | select(.role==\"$what\").id" "$T/shown" | head -n 1)
    same "openssl computes the commitment to a $what" "$hidden" \
        "commitment:$(printf '%s\0%s' "$what" "$id" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$salt" | sed 's/.* //')"
done
same "and the pseudonym" "$(jq -r "select(.index==$index).objects[] | select(.role==\"patient\").id" "$T/shown")" \
    "pseudonym:$(printf 'patient\0%s' "$patient" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(cat "$hmac")" | sed 's/.* //')"
"$CONSILIUM" audit keygen --pseudonyms "$T/other.hmac" >/dev/null
expect 1 "another key reveals nothing" "$CONSILIUM" audit reveal "$log" --pseudonyms "$T/other.hmac"
expect 3 "no entry is about a case that was not there" "$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac" --case NOBODY

# Erased.
expect 3 "erasing a case that was not there" "$CONSILIUM" audit erase "$log" NOBODY --key "$key"
expect 0 "erase" "$CONSILIUM" audit erase "$log" SYN-000005 --key "$key"
expect 0 "the log verifies as before" "$CONSILIUM" audit verify "$log" --key "$vkey"
says "$T/out" "with one entry more" "^verified: $((count + 1)) entries"
expect 3 "the case is not found any more" "$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac" --case SYN-000005
"$CONSILIUM" audit reveal "$log" --pseudonyms "$hmac" --json >"$T/revealed2"
same "its id is not read any more" "$(grep -c SYN-000005 "$T/revealed2")" 0
same "the others are" "$(grep -c SYN-000006 "$T/revealed2")" "$(grep -c SYN-000006 "$T/revealed")"
grep -q "$salt" "$T/run/audit.openings" && fail "the salt is still there"
says "$T/revealed2" "an entry says which were erased" "\"type\":\"Values erased\".*\"role\":\"entry\",\"id\":\"$index\""

# A later start: other limits are an entry, another configuration a refused one.
expect 1 "run again with other limits" run --abstain --timeout 200
"$CONSILIUM" audit show "$log" --json >"$T/shown"
says "$T/shown" "the log says so" '"type":"Configuration changed","outcome":0.*wall_seconds\\":300} -> .*wall_seconds\\":200}'
expect 2 "another configuration" run
"$CONSILIUM" audit show "$log" --json >"$T/shown"
says "$T/shown" "and that it was refused" '"type":"Configuration changed","outcome":4.*abstain: true -> false'
expect 0 "the log verifies" "$CONSILIUM" audit verify "$log" --key "$vkey"
# ---- a certificate ----
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/ca.key" -out "$T/ca.crt" -subj "/CN=Hospital CA" -days 2 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/mid.key" -out "$T/mid.csr" -subj "/CN=Ward CA" 2>/dev/null
printf 'basicConstraints=critical,CA:true\n' >"$T/mid.ext"
openssl x509 -req -in "$T/mid.csr" -CA "$T/ca.crt" -CAkey "$T/ca.key" -CAcreateserial -out "$T/mid.crt" -days 2 -extfile "$T/mid.ext" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout "$T/own.key" -out "$T/own.csr" -subj "/CN=Consilium host 7" 2>/dev/null
openssl x509 -req -in "$T/own.csr" -CA "$T/mid.crt" -CAkey "$T/mid.key" -CAcreateserial -out "$T/own.crt" -days 2 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/alien.key" -out "$T/alien.crt" -subj "/CN=Another CA" -days 2 2>/dev/null
cat "$T/own.crt" "$T/mid.crt" >"$T/chain.crt"
openssl pkcs8 -topk8 -in "$T/own.key" -out "$T/own.enc" -v2 aes-256-cbc -passout "pass:correct horse battery" 2>/dev/null
printf 'correct horse battery\n' >"$T/words"
cms() { run --abstain --timeout 250 --cms-key "$T/own.enc" --cms-cert "$1" --passphrase-file "$T/words"; }
expect 1 "a run that signs with a certificate" cms "$T/chain.crt"
verify_cms() { openssl cms -verify -binary -inform DER -in "$log/checkpoint.p7s" -content "$log/checkpoint" -CAfile "$1" -out /dev/null; }
expect 0 "openssl cms verifies it against the hospital's CA" verify_cms "$T/ca.crt"
expect 4 "and not against another" verify_cms "$T/alien.crt"
expect 0 "so does verify" "$CONSILIUM" audit verify "$log" --key "$vkey" --ca "$T/ca.crt"
says "$T/out" "and names the host" '^signed with the certificate of .*CN=Consilium host 7$'
expect 1 "and not against another" "$CONSILIUM" audit verify "$log" --key "$vkey" --ca "$T/alien.crt"
# The certificate's key in a token.
module=/usr/lib/softhsm/libsofthsm2.so
engine=$(openssl version -e | cut -d'"' -f2)/pkcs11.so
if command -v softhsm2-util >/dev/null && [ -r $module ] && [ -r "$engine" ]; then
    export SOFTHSM2_CONF="$T/softhsm.conf"
    mkdir "$T/tokens"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$T/tokens" >"$SOFTHSM2_CONF"
    expect 0 "a token" softhsm2-util --init-token --free --label ward --pin 123456 --so-pin 654321
    printf '123456\n' >"$T/pin"
    # Of each kind: a key, its certificate and its place in the token.
    for kind in RSA EC; do
        if [ $kind = RSA ]; then cp "$T/own.key" "$T/$kind.key"; else openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/$kind.key" 2>/dev/null; fi
        openssl req -new -key "$T/$kind.key" -out "$T/$kind.csr" -subj "/CN=Token $kind" 2>/dev/null
        openssl x509 -req -in "$T/$kind.csr" -CA "$T/ca.crt" -CAkey "$T/ca.key" -CAcreateserial -out "$T/$kind.crt" -days 2 2>/dev/null
        expect 0 "its $kind key" softhsm2-util --import "$T/$kind.key" --token ward --label $kind --id "0${#kind}" --pin 123456
        printf 'pkcs11:token=ward;object=%s?module-path=%s\n' $kind $module >"$T/$kind.uri"
        expect 1 "a run that signs with a certificate whose $kind key is in a token" \
            run --abstain --timeout 24${#kind} --cms-key "$T/$kind.uri" --cms-cert "$T/$kind.crt" --passphrase-file "$T/pin"
        expect 0 "openssl cms verifies it" verify_cms "$T/ca.crt"
        expect 0 "so does verify" "$CONSILIUM" audit verify "$log" --key "$vkey" --ca "$T/ca.crt"
        says "$T/out" "and names it" "^signed with the certificate of .*CN=Token $kind\$"
    done
    sed 's/object=EC/object=none/' "$T/EC.uri" >"$T/other.uri"
    expect 3 "a key that the token has not" run --abstain --cms-key "$T/other.uri" --cms-cert "$T/EC.crt" --passphrase-file "$T/pin"
    says "$T/err" "is told" "no token holds a private key"
    expect 1 "a run with the certificate again" cms "$T/chain.crt"
else
    say "skipped: no SoftHSM or no engine of OpenSSL (softhsm2, libengine-pkcs11-openssl)"
fi
cp "$log/checkpoint.p7s" "$T/older.p7s"
expect 2 "a key without its certificate" run --abstain --cms-key "$T/own.key"
expect 3 "a certificate of another key" run --abstain --cms-key "$T/own.key" --cms-cert "$T/mid.crt"
says "$T/err" "is told" "not that of"
expect 1 "a run without it" run --abstain
[ -e "$log/checkpoint.p7s" ] && fail "an older checkpoint's signature stands beside a newer one"
cp "$T/older.p7s" "$log/checkpoint.p7s"
expect 1 "an older checkpoint's signature" "$CONSILIUM" audit verify "$log" --key "$vkey" --ca "$T/ca.crt"
rm "$log/checkpoint.p7s"
expect 1 "none" "$CONSILIUM" audit verify "$log" --key "$vkey" --ca "$T/ca.crt"


# A run whose log is vouched for; the same origin with another log is an alert.
"$CONSILIUM" audit keygen --witness --out "$T/wkey" --origin witness.example/w1 >/dev/null
"$CONSILIUM" audit witness "$vkey" --key "$T/wkey/audit.pem" --state "$T/state" --listen 127.0.0.1:0 >"$T/witness.out" 2>&1 &
witness=$!
trap 'kill $witness 2>/dev/null; rm -rf "$T"' EXIT
i=0
while [ ! -s "$T/witness.out" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
w=http://127.0.0.1:$(sed -n 's/^listening on port //p' "$T/witness.out")
expect 1 "a run with a witness, and an authority that is not there" run --abstain --witness "$w" --witness-key "$T/wkey/audit.vkey" --tsa http://127.0.0.1:1/
says "$T/err" "says that it is not" "127\.0\.0\.1:1/: no answer.*audit anchor"
expect 0 "its log is cosigned" "$CONSILIUM" audit verify "$log" --key "$vkey" --witness-key "$T/wkey/audit.vkey"
[ -n "$(ls "$log/timestamp" 2>/dev/null)" ] || fail "no checkpoint waits for its timestamp"
mv "$T/run" "$T/first"
expect 1 "another log of this name" run --abstain --witness "$w" --witness-key "$T/wkey/audit.vkey"
says "$T/err" "is told" "entries were cut off, or it is another log of this name"
"$CONSILIUM" audit show "$log" --json >"$T/shown"
says "$T/shown" "and an alert in it" '"event":"Security Alert","type":"Security alert","outcome":8.*the witness has seen'
kill $witness
rm -r "$T/run"
mv "$T/first" "$T/run"

# A log that does not hold is left alone, and the system's log hears of it.
cp -r "$T/run" "$T/kept"
sed -i 's/Application Start/Application Star!/' "$log"/tile/entries/000*/* "$log"/tile/entries/000 2>/dev/null
expect 3 "a run with an altered log" env LD_PRELOAD="$HEAR_SYSLOG" ASAN_OPTIONS=verify_asan_link_order=0 HEARD="$T/heard" \
    "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/run" --key "$key" --abstain --plugins "$T/plugins"
says "$T/heard" "is an alert to authpriv" '^81 <.xml.*110113.*the audit log .* does not hold: entry [0-9]+ does not match'
sed 's/^81 //' "$T/heard" >"$T/heard.xml"
expect 0 "in the form of an entry" xmllint --noout --nonet --schema "$SOURCE_DIR/schemas/audit-message.xsd" "$T/heard.xml"
rm -r "$T/run"
mv "$T/kept" "$T/run"

rm "$hmac"
expect 3 "a run without the pseudonym key" run --abstain
says "$T/err" "says how to make one" "keygen --pseudonyms"
finish
