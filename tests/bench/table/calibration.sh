#!/bin/sh
# Probabilities and sets of answers against what happened.
. "$(dirname "$0")/lib.sh"
echo "Test cases of synthetic cohorts of $CASES. Expected calibration error (15 bins) as the network has it and after temperature scaling; how many of the
conformal sets hold the true answer, at the level asked, and how many do in the mean over divisions of these cases into two halves, of which one calibrates
(what one set of calibration cases has varies by points: docs/model.md, \"The opinion on a case\"); the mean number of answers in a set."
echo
echo "| seed | cases | AUC | error before | after | sets at 0.8 | halves | answers | at 0.9 | halves | answers | at 0.95 | halves | answers |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
for seed in $SEEDS; do
    c=$(cohort "$seed")
    m=$(model "$c" "$seed" --modality-dropout 0.15)
    for level in 0.8 0.9 0.95; do
        evaluate "$m" "$c" --coverage $level --seed "$seed"
    done | jq -s -r --arg seed "$seed" 'def r: if . then . * 1000 | round / 1000 else "not known" end; map([.labels[]][0]) |
        "| \($seed) | \(.[0].cases) | \(.[0].auc | r) | \(.[0].calibration_error.before | r) | \(.[0].calibration_error.after | r) | " +
        (map("\(.sets.coverage | r) | \(.sets.halves.coverage | r) | \(.sets.size | r)") | join(" | ")) + " |"'
done
