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
expect 0 "embed of an empty file" "$CONSILIUM" embed "$T/empty"
says "$T/out" "warns" '"type":"warning".*is empty'
finish
