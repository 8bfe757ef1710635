#!/bin/sh
# Free text counts: a trait that stands in notes alone is learned with them and not without.
. "$(dirname "$0")/lib.sh"

expect 0 "synth" "$CONSILIUM" synth --cases 210 --seed 1 --notes --out "$T/with"
cd "$T" || exit 3
find with/cases -type f ! -name 'record.*' ! -name note.txt -delete
awk -F, 'NR == FNR { renal[$1] = $4; next } FNR == 1 { print "case,renal,split"; next } { print $1 "," renal[$1] "," $3 }' \
    with/truth.csv with/labels.csv >labels.csv
mv labels.csv with/labels.csv
rm with/labels.json
cp -R with without
find without/cases -name note.txt -delete

auc() {
    expect 0 "train $1" "$CONSILIUM" train "$1" --out "$1.safetensors" --seed 1
    expect 0 "eval $1" "$CONSILIUM" eval "$1.safetensors" "$1" --json
    AUC=$(jq .labels.renal.auc out)
}
auc with
awk -v a="$AUC" 'BEGIN { exit !(a > 0.95) }' && say "ok: with notes AUC $AUC" || fail "with notes AUC $AUC, wanted above 0.95"
auc without
# 70 cases: under the null hypothesis the AUC has a deviation of 0.07.
awk -v a="$AUC" 'BEGIN { exit !(a < 0.75) }' && say "ok: without notes AUC $AUC" || fail "without notes AUC $AUC, wanted below 0.75"

# ---- what leaves ----
note=with/cases/SYN-000001/note.txt
expect 0 "embed" "$CONSILIUM" embed --features note "$note"
same "a section by its name, with what is said of the findings" "$(jq -r .label out | grep -c '^Assessment: [0-9] sentences\{0,1\}; affirmed [A-Z][^;]*; negated [A-Z][^;]*$')" 1
expect 0 "embed --deidentify" "$CONSILIUM" embed --deidentify "$note"
same "de-identified there are no hashed words" \
    "$(jq -c 'select(.type=="token").features | [.n00, .n7f, .nff]' out | sort -u)" '[null,null,null]'
expect 0 "embed without notes" "$CONSILIUM" embed --option record.notes=no "$note"
same "no token" "$(grep -c '"token"' out)" 0
finish
