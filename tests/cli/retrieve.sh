#!/bin/sh
# Learning without labels, with few of them, and what the result finds across modalities.
. "$(dirname "$0")/lib.sh"

expect 0 "synth" "$CONSILIUM" synth --cases 90 --seed 5 --linked 0.9 --out "$T/cohort"
expect 2 "synth with too close a link" "$CONSILIUM" synth --cases 3 --seed 5 --linked 1 --out "$T/none"
CACHE="--cache $T/cache --jobs 2"
LEARN="--seed 3 --width 32 --blocks 1 $CACHE"

# ---- without labels ----
expect 0 "train --pretrain" "$CONSILIUM" train "$T/cohort" --pretrain --out "$T/p.safetensors" $LEARN --epochs 60
says "$T/out" "it has no labels" "0 label\(s\), 3 modalities"
P="$T/p.safetensors"
mkdir "$T/bare"
ln -s "$T/cohort/cases" "$T/bare/cases"
expect 0 "train --pretrain without labels.csv" "$CONSILIUM" train "$T/bare" --pretrain --out "$T/bare.safetensors" $LEARN --epochs 1
says "$T/out" "learns from all cases" "learned from 90 cases"
expect 3 "run needs labels" "$CONSILIUM" run "$T/cohort/cases" --model "$P" --out "$T/run" --jobs 1
expect 3 "eval needs labels" "$CONSILIUM" eval "$P" "$T/cohort" $CACHE
says "$T/err" "says what gives it some" "has no labels: .*train --from"
expect 0 "model show" "$CONSILIUM" model show "$P"
expect 2 "both at once" "$CONSILIUM" train "$T/cohort" --pretrain --from "$P" --out "$T/m"

# ---- few labels ----
mkdir "$T/few"
ln -s "$T/cohort/cases" "$T/few/cases"
awk -F, -v OFS=, 'NR > 25 && $2 == 1 && $3 == "train" {$2 = ""} {print}' "$T/cohort/labels.csv" >"$T/few/labels.csv"
expect 0 "few labels in one command" "$CONSILIUM" train "$T/few" --out "$T/few.safetensors" $LEARN --epochs 2
says "$T/out" "cases without labels count" "learned from 5[4-9] cases"
expect 0 "train --from" "$CONSILIUM" train "$T/few" --from "$P" --out "$T/m.safetensors" --seed 3 $CACHE --epochs 2
expect 0 "the result scores" "$CONSILIUM" eval "$T/m.safetensors" "$T/cohort" $CACHE
expect 2 "another width" "$CONSILIUM" train "$T/few" --from "$P" --out "$T/m" $LEARN --width 64
says "$T/err" "names what the model has" "has --width 32"

# ---- retrieval ----
expect 0 "retrieve" "$CONSILIUM" retrieve "$P" "$T/cohort" $CACHE
same "no word where the model learned it" "$(grep -c never "$T/err")" 0
expect 0 "retrieve with what learned from labels alone" "$CONSILIUM" retrieve "$T/few.safetensors" "$T/cohort" $CACHE
says "$T/err" "says that this is chance" "never learned to liken modalities.* --contrastive or --pretrain"
expect 0 "retrieve with what went on from a pretrained one" "$CONSILIUM" retrieve "$T/m.safetensors" "$T/cohort" $CACHE
same "no word either" "$(grep -c never "$T/err")" 0
expect 0 "retrieve" "$CONSILIUM" retrieve "$P" "$T/cohort" $CACHE
same "all pairs, both ways" "$(grep -c -- ' -> ' "$T/out")" 6
expect 0 "retrieve --json" "$CONSILIUM" retrieve "$P" "$T/cohort" --from image --to record --json $CACHE
json() { jq -r "$1" "$T/out"; }
same "one pair" "$(json '.retrieval | map("\(.from) \(.to) \(.cases)") | join(",")')" "image record 30"
same "recall grows with the ranks" "$(json '.retrieval[0].recall | .["1"] <= .["5"] and .["5"] <= .["10"]')" true
same "chance" "$(json '.retrieval[0].chance | "\(.median_rank) \(.recall["5"] * 6)"')" "15.5 1"
same "better than chance" "$(json '.retrieval[0] | .median_rank < .chance.median_rank')" true
expect 2 "a modality that there is not" "$CONSILIUM" retrieve "$P" "$T/cohort" --from voice $CACHE
says "$T/err" "names those that there are" "no modality voice; it has image, record, variant"
expect 2 "from a modality to itself" "$CONSILIUM" retrieve "$P" "$T/cohort" --from image --to image $CACHE
expect 2 "one case" "$CONSILIUM" retrieve "$P" "$T/cohort" --cases-limit 1 --from image --to record $CACHE
says "$T/err" "says how many are needed" "at least 2"

# ---- descriptions ----
printf '# kidney\nhttp://loinc.org|2160-0,1.6\n\n' >"$T/renal.codes"
printf 'http://loinc.org|2345-7,140\n' >"$T/sugar.codes"
score() { "$CONSILIUM" retrieve "$P" "$T/cohort" --to image $CACHE "$@"; }
expect 0 "a list of codes" score --describe "$T/renal.codes"
same "a line for each case" "$(grep -c '^SYN-' "$T/out")" 30
expect 0 "a contrast" score --describe "$T/renal.codes" --against "$T/sugar.codes" --label malignancy --json
same "its members" "$(json '[.from, .to, .label, (.cases | length), .positives + .negatives] | join(" ")')" "record image malignancy 30 30"
same "probabilities" "$(json '[.cases[].probability | . > 0 and . < 1] | all')" true
same "in order" "$(json '[.cases[] | .against - .cosine] | . == sort')" true
expect 0 "files of an adapter" score --describe "$(ls -d "$T"/cohort/cases/SYN-000001/record.*)"
expect 0 "a folder, of which the record counts" score --describe "$T/cohort/cases/SYN-000001" --from record
expect 2 "a folder of which it is not said what counts" score --describe "$T/cohort/cases/SYN-000001"
says "$T/err" "names the option" "--from"
echo "two words" >"$T/neither"
expect 3 "neither codes nor files of an adapter" score --describe "$T/neither"
says "$T/err" "says what a list of codes is" "line 1 is not SYSTEM\|CODE"
echo "http://example.org|1" >"$T/unseen.codes"
expect 3 "a code that the model has not seen" score --describe "$T/unseen.codes"
says "$T/err" "names it" "http://example.org\|1"
expect 3 "a file that is not there" score --describe "$T/nothing"
expect 2 "no such label" score --describe "$T/renal.codes" --label gout
says "$T/err" "names it" "gout"
expect 2 "a label without a description" "$CONSILIUM" retrieve "$P" "$T/cohort" --label malignancy
expect 2 "a description without --to" "$CONSILIUM" retrieve "$P" "$T/cohort" --describe "$T/renal.codes"
finish
