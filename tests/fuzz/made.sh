#!/bin/sh
# made.sh REPLAY CONSILIUM: files that the program writes itself, in four transfer syntaxes, and one made by hand, truncated and altered.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$2" synth --cases 3 --seed 5 --out "$folder/cohort" >/dev/null
mkdir "$folder/files"
for case in "$folder"/cohort/cases/*; do
    for name in ct-000 ct-005 dx; do cp "$case/$name.dcm" "$folder/files/$(basename "$case")-$name.dcm"; done
done
# A text of two characters that claims 4 GiB: Modality, in implicit little endian.
{ head -c 128 /dev/zero; printf 'DICM\002\000\020\000UI\022\0001.2.840.10008.1.2\000\010\000\140\000\376\377\377\377CT'; } >"$folder/files/claims.dcm"
"$1" --truncations 50 --flips 200 "$folder/files"
