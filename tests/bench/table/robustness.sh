#!/bin/sh
# AUC against the share of modalities hidden, for a model that learned with modalities hidden now and then and one that did not.
. "$(dirname "$0")/lib.sh"
rm -f "$work"/json/robustness-*
for seed in $SEEDS; do
    c=$(cohort "$seed")
    for dropout in 0.15 0; do
        m=$(model "$c" "$seed" --modality-dropout $dropout)
        for p in 0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9; do
            evaluate "$m" "$c" --missing $p --seed "$seed" >"$work/json/robustness-$dropout-$p-$seed.json"
        done
    done
done
echo "AUC of the first label, a mean over cohorts of seeds $SEEDS ($CASES cases each, a third of them tested). Each modality of a test case is hidden
with the probability in the first column, one always staying; the second has the share of cases that then lack one."
echo
echo "| hidden | cases that lack one | hybrid | late | early | hybrid, no dropout | late, no dropout | early, no dropout |"
echo "|---|---|---|---|---|---|---|---|"
for p in 0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9; do
    jq -s -r --arg p $p 'def mean(f): map(f) | add / length * 1000 | round / 1000;
        def part: [.fusion.hybrid, .fusion.late, .fusion.early];
        .[:length / 2] as $with | .[length / 2:] as $without | [.[] | ([.labels[]][0] | .positives + .negatives)][0] as $n |
        [$p, ($with | map(.missing.cases / $n) | add / length * 100 | round | "\(.) %"),
         ($with | mean(.fusion.hybrid), mean(.fusion.late), mean(.fusion.early)),
         ($without | mean(.fusion.hybrid), mean(.fusion.late), mean(.fusion.early))] | "| " + (map(tostring) | join(" | ")) + " |"' \
        "$work"/json/robustness-0.15-$p-*.json "$work"/json/robustness-0-$p-*.json
done
