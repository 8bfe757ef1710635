#!/bin/sh
# record.sh REPLAY CONSILIUM: synthetic records of every dialect and the documents of the schemas' test, truncated and altered; and a
# share of the public ones, where they are.
set -e
here=$(cd "$(dirname "$0")" && pwd)
data=${CONSILIUM_TEST_DATA:-$here/../../../shared/data}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$2" synth --cases 8 --seed 5 --out "$folder/cohort" >/dev/null 2>&1
mkdir "$folder/files"
for file in "$folder"/cohort/cases/*/record.*; do
    cp "$file" "$folder/files/$(basename "$(dirname "$file")")-$(basename "$file")"
done
cp "$here"/../unit/record/shape/* "$folder/files"
"$1" --truncations 200 --flips 1500 --allowance 32 "$folder/files"
if [ -d "$data/fhir" ]; then
    "$1" --every 3 --truncations 10 --flips 60 --allowance 32 "$data/fhir" "$data/ccda" "$data/bad/json" "$data/bad/xml"
fi
