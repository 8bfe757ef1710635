#!/bin/sh
# What `plugin list` and `plugin sign` show, and what `embed` prints for files that are fine, unknown, missing, empty.
. "$(dirname "$0")/lib.sh"

expect 0 "the three adapters load from beside the program" "$CONSILIUM" plugin list
for id in dicom record variant; do says "$T/out" "$id is listed" "^org\.consilium\.$id "; done
expect 0 "as JSON" "$CONSILIUM" plugin list --json
same "modalities" "$(jq -r 'map(.modality) | sort | join(" ")' "$T/out")" "image record variant"
same "the hash is the file's" "$(jq -r '.[] | select(.modality=="image").sha256' "$T/out")" \
    "$(sha256sum "$BINARY_DIR/plugins/dicom.so" | cut -d' ' -f1)"

mkdir "$T/bad"
printf 'not a library' >"$T/bad/broken.so"
expect 1 "a broken plugin is listed, not fatal" "$CONSILIUM" plugin list --plugins "$T/bad"
says "$T/out" "with its reason" "NOT LOADED"
says "$T/out" "and the others still load" "org.consilium.record"
expect 3 "a folder that is not there" "$CONSILIUM" plugin list --plugins "$T/none"

openssl genpkey -algorithm ed25519 -out "$T/key.pem" 2>/dev/null
mkdir "$T/trust" "$T/signed"
openssl pkey -in "$T/key.pem" -pubout -out "$T/trust/clinic.pem"
cp "$BINARY_DIR/plugins/record.so" "$T/signed/"
expect 0 "sign" "$CONSILIUM" plugin sign "$T/signed/record.so" --key "$T/key.pem"
CONSILIUM_TRUST="$T/trust" expect 1 "list with trust: the unsigned twin is left out" "$CONSILIUM" plugin list --plugins "$T/signed"
says "$T/out" "the signer is named" "trusted by clinic.pem"

expect 3 "embed of a file that is not there" "$CONSILIUM" embed "$T/none.dcm"
says "$T/err" "names the file" "none.dcm: cannot open"
: >"$T/empty"
expect 1 "embed of nothing but an empty file" "$CONSILIUM" embed "$T/empty"
says "$T/out" "warns" '"type":"warning".*is empty'

mkdir "$T/nothing"
expect 2 "embed of an empty folder" "$CONSILIUM" embed "$T/nothing"
says "$T/err" "says so" "nothing: holds no file"
expect 2 "an option that no plugin has" "$CONSILIUM" embed --option nonsense=1 "$T/empty"
expect 2 "a modality that no plugin gives" "$CONSILIUM" embed --features nonsense "$T/empty"
says "$T/err" "names it" "no plugin gives tokens of modality 'nonsense'"
expect 0 "three patients" "$CONSILIUM" synth --cases 3 --seed 5 --out "$T/cohort"
case=$T/cohort/cases/SYN-000001
expect 0 "embed the images" "$CONSILIUM" embed "$case/ct-000.dcm"
says "$T/out" "the patient's number is a fact" '"kind":"patient_id","value":"SYN-000001"'
expect 0 "embed the images de-identified" "$CONSILIUM" embed --deidentify "$case/ct-000.dcm"
says "$T/out" "says by which profile" '"method":"DCM\|113100"'
same "no fact and no name of a file is left" "$(grep -c -e '"fact"' -e SYN-000001 "$T/out")" 0
expect 0 "embed a whole case de-identified" "$CONSILIUM" embed --deidentify "$case"
same "of the case too" "$(grep -c -e '"fact"' -e SYN-000001 "$T/out")" 0
same "no label has a date" "$(grep '"modality":"record"' "$T/out" | grep -cE '"label":"[^"]*[12][09][0-9][0-9]-')" 0
expect 2 "de-identified by a plugin that cannot" "$CONSILIUM" embed --deidentify --plugins "$BINARY_DIR/examples" \
    "$SOURCE_DIR/plugins/example/sample.csv"
says "$T/err" "names the plugin that cannot" "org.example.spirometry reads this file and cannot de-identify"
finish
