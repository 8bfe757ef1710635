#!/bin/sh
# Training as an operation: killed and resumed, in folds, with modalities missing, and the card of what came of it.
. "$(dirname "$0")/lib.sh"

expect 0 "synth" "$CONSILIUM" synth --cases 30 --seed 5 --out "$T/cohort"
LEARN="--seed 3 --epochs 2 --width 16 --heads 2 --blocks 1 --cache $T/cache --jobs 2"

# ---- a kill ----
expect 0 "train without a break" "$CONSILIUM" train "$T/cohort" --out "$T/whole.safetensors" $LEARN
# A kill that cannot be caught, wherever it falls after the first checkpoint; twice, so that a resumed run is killed too.
for round in 1 2; do
    rm -f "$T/seen"
    "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --checkpoint "$T/checkpoint" >/dev/null 2>&1 &
    pid=$!
    before=$(stat -c %Y.%i "$T/checkpoint" 2>/dev/null)
    while kill -0 $pid 2>/dev/null; do
        [ "$(stat -c %Y.%i "$T/checkpoint" 2>/dev/null)" = "$before" ] || break
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ -f "$T/checkpoint" ] || fail "round $round: no checkpoint is left"
    [ ! -e "$T/killed.safetensors" ] || fail "round $round: the kill came too late to show anything"
done
expect 3 "a checkpoint with other options" "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --epochs 3 --checkpoint "$T/checkpoint"
says "$T/err" "names the option" "checkpoint of a training with epochs 2, not 3"
expect 3 "a model is no checkpoint" "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --checkpoint "$T/whole.safetensors"
says "$T/err" "says so" "whole.safetensors: is not a checkpoint"
expect 0 "the same command goes on" "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --checkpoint "$T/checkpoint"
cmp -s "$T/whole.safetensors" "$T/killed.safetensors" || fail "resumed training does not give the same bytes"
[ ! -e "$T/checkpoint" ] || fail "the checkpoint stays after the model is written"
expect 2 "patience of none" "$CONSILIUM" train "$T/cohort" --out "$T/m" --patience 0

# ---- folds ----
expect 0 "folds" "$CONSILIUM" train "$T/cohort" --folds 4 $LEARN --json
cp "$T/out" "$T/folds.json"
same "5 of 20 cases each" "$(jq -c '[.folds[] | .test]' "$T/folds.json")" "[5,5,5,5]"
same "every case once" "$(jq '.pooled.malignancy | .positives + .negatives' "$T/folds.json")" 20
same "the mean is that of the folds" "$(jq '.tasks.malignancy.auc | (.mean - (.folds | add) / 4) | . < 1e-6 and . > -1e-6' "$T/folds.json")" true
expect 0 "folds, with another number of jobs" "$CONSILIUM" train "$T/cohort" --folds 4 $LEARN --jobs 1 --json
cmp -s "$T/out" "$T/folds.json" || fail "folds depend on the number of jobs"
expect 0 "folds as tables" "$CONSILIUM" train "$T/cohort" --folds 2 $LEARN --out "$T/all.safetensors"
says "$T/out" "of each" "^fold 2 +[0-9]+ +[0-9]+ +10 "
says "$T/out" "with the spread" "^standard deviation"
cmp -s "$T/all.safetensors" "$T/whole.safetensors" || fail "the model after folds is not that of train alone"
expect 2 "a column of folds that is not there" "$CONSILIUM" train "$T/cohort" --folds column $LEARN
says "$T/err" "is named" "labels.csv: has no column named fold"
cp -r "$T/cohort" "$T/folded"
awk -F, -v OFS=, 'NR == 1 { print $0, "fold"; next } { print $0, NR % 4 ? (NR % 2 ? "b" : "a") : "" }' "$T/cohort/labels.csv" >"$T/folded/labels.csv"
expect 0 "the cohort's own folds" "$CONSILIUM" train "$T/folded" --folds column $LEARN --json
same "are two" "$(jq '.folds | length' "$T/out")" 2
same "and have the cases that the column says" "$(jq -c '[.folds[] | .test]' "$T/out")" \
    "[$(grep -c ',train,a$' "$T/folded/labels.csv"),$(grep -c ',train,b$' "$T/folded/labels.csv")]"
same "fold is no label" "$(jq -c '.pooled | keys' "$T/out")" '["malignancy"]'
expect 2 "neither a model nor folds" "$CONSILIUM" train "$T/cohort"
expect 2 "one fold" "$CONSILIUM" train "$T/cohort" --folds 1

# ---- modalities missing ----
M="$T/whole.safetensors"
for p in 0 0.5 0.9 1; do
    expect 0 "a share of $p missing" "$CONSILIUM" eval "$M" "$T/cohort" --missing $p --json --cache "$T/cache"
    cp "$T/out" "$T/missing-$p.json"
done
expect 0 "nothing hidden" "$CONSILIUM" eval "$M" "$T/cohort" --json --cache "$T/cache"
same "a share of 0 changes nothing" "$(jq -c 'del(.missing)' "$T/missing-0.json")" "$(jq -c 'del(.missing)' "$T/out")"
same "more are hidden with a greater share" "$(for p in 0 0.5 0.9 1; do jq .missing.cases "$T/missing-$p.json"; done | sort -n | uniq | tr '\n' ' ')" \
    "$(for p in 0 0.5 0.9 1; do jq .missing.cases "$T/missing-$p.json"; done | uniq | tr '\n' ' ')"
same "at 1 every case keeps one modality" "$(jq '"\(.missing.cases) \([.labels[] | .positives + .negatives][0])"' "$T/missing-1.json")" '"10 10"'
expect 0 "one modality hidden" "$CONSILIUM" eval "$M" "$T/cohort" --missing image=1 --json --cache "$T/cache"
same "is the AUC of the others" "$(jq '[.labels[]][0].auc' "$T/out")" \
    "$(jq '.subsets[] | select(.modalities == ["record", "variant"]) | .auc' "$T/missing-0.json")"
expect 2 "no modality of that name" "$CONSILIUM" eval "$M" "$T/cohort" --missing picture=0.5
says "$T/err" "names it" "'picture', which is no modality"
expect 2 "no probability" "$CONSILIUM" eval "$M" "$T/cohort" --missing 1.5
says "$T/err" "says the range" "probability from 0 to 1, not '1.5'"

# ---- the card ----
expect 0 "a card" "$CONSILIUM" model card "$M"
cp "$T/out" "$T/card.md"
for section in "Model details" "Intended use" "Factors" "Metrics" "Evaluation data and quantitative analyses" "Training data" \
    "Ethical considerations" "Caveats"; do
    says "$T/card.md" "section $section" "^## $section"
done
says "$T/card.md" "the file's hash" "$(sha256sum "$M" | cut -d' ' -f1)"
says "$T/card.md" "the hash of the labels" "$(sha256sum "$T/cohort/labels.csv" | cut -d' ' -f1)"
says "$T/card.md" "the settings" "epochs 2, batch 16"
says "$T/card.md" "what it never saw" "^- No patients of age \"under 18\"."
same "no patient is named" "$(grep -cE 'SYN-|SECRET' "$T/card.md")" 0
expect 0 "a card with a test cohort" "$CONSILIUM" eval "$M" "$T/cohort" --card --cache "$T/cache"
cp "$T/out" "$T/tested.md"
expect 0 "the same measures" "$CONSILIUM" eval "$M" "$T/cohort" --json --cache "$T/cache"
auc=$(jq '[.labels[]][0] | .auc' "$T/out" | xargs printf '%.3f')
says "$T/tested.md" "as eval gives" "^\| all \| malignancy \| 10 \| $auc "
same "nor is a patient here" "$(grep -cE 'SYN-' "$T/tested.md")" 0
expect 2 "a card is no JSON" "$CONSILIUM" eval "$M" "$T/cohort" --card --json
expect 3 "a card of no model" "$CONSILIUM" model card "$T/cohort/labels.csv"

# ---- reasons ----
if grep -q avx512_bf16 /proc/cpuinfo; then
    expect 0 "eval in bf16" "$CONSILIUM" eval "$M" "$T/cohort" --precision bf16 --json --cache "$T/cache"
    expect 0 "run in bf16" "$CONSILIUM" run "$T/cohort" --model "$M" --out "$T/bf16" --precision bf16
    expect 2 "a run goes on in its own precision" "$CONSILIUM" run "$T/cohort" --model "$M" --out "$T/bf16"
    says "$T/err" "the precision is named" "precision"
else
    expect 2 "eval in bf16 without a processor for it" "$CONSILIUM" eval "$M" "$T/cohort" --precision bf16 --cache "$T/cache"
    says "$T/err" "what would be right is named" "use f32"
fi
expect 0 "reasons" "$CONSILIUM" eval "$M" "$T/cohort" --reasons --json --cache "$T/cache"
same "of every test case" "$(jq -c '[.cases, .completeness.attributions, (.shapley.greatest_miss < 1e-4)]' "$T/out")" "[10,10,true]"
same "deletions" "$(jq -c '[.deletion[].tokens]' "$T/out")" "[1,2,5,10,20]"
expect 0 "reasons as tables" "$CONSILIUM" eval "$M" "$T/cohort" --reasons --cache "$T/cache"
says "$T/out" "say what they are" "^sums within tolerance +[0-9]+ of 10"

# ---- one modality alone ----
cp -r "$T/cohort" "$T/records"
find "$T/records/cases" -type f ! -name 'record.*' -delete
expect 0 "train on records alone" "$CONSILIUM" train "$T/records" --out "$T/records.safetensors" $LEARN
expect 0 "keygen" "$CONSILIUM" audit keygen --out "$T/key" --origin clinic.example/audit
expect 0 "run it on whole cases" "$CONSILIUM" run "$T/cohort/cases" --model "$T/records.safetensors" --out "$T/run" --key "$T/key/audit.pem" --jobs 2
same "every case says what the model has not learned" \
    "$(jq -s 'map([.warnings[].text | select(test("^[0-9]+ tokens of (image|variant) are left out: the model has not learned this modality$"))] | length == 2) | all' "$T/run/results.ndjson")" true
finish
