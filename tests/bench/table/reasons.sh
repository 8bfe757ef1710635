#!/bin/sh
# Whether the reasons given for scores hold: sums of attributions, and scores without the tokens that they name.
. "$(dirname "$0")/lib.sh"
set -- $SEEDS
c=$(cohort "$1")
m=$(model "$c" "$1")
evaluate "$m" "$c" --reasons --seed "$1" >"$work/json/reasons.json"
jq -r 'def three(f): map(f) | join(", ");
    def near: if . == 0 then "0" elif . < 0.001 then (. * 100000 | round / 100000 | tostring) else (. * 10000 | round / 10000 | tostring) end;
    "Of the \(.cases) test cases of the synthetic cohort of the first seed:\n",
    "| | median | 95 % | greatest |\n|---|---|---|---|",
    "| miss of the attributions'"'"' sum, as a share of the move | \(.completeness.miss | "\(.median | near) | \(.p95 | near) | \(.greatest | near)") |",
    "| nodes of the integral | \(.completeness.nodes | "\(.median) | \(.p95) | \(.greatest)") |",
    "| miss of the Shapley values'"'"' sum | | | \(.shapley.greatest_miss) |",
    "\n\(.completeness.complete) of \(.completeness.attributions) sums are within 1 % of the move, or within 0.001.\n",
    "Mean absolute move of the logit without some tokens of a case, and the mean difference from as many others, with 95 % intervals:\n",
    "| tokens | strongest | random | random of the same modalities | strongest minus random | strongest minus same modalities |\n|---|---|---|---|---|---|",
    (.deletion[] | select(.top) | def r: . * 1000 | round / 1000; def ci: "\(.mean | r) [\(.ci[0] | r), \(.ci[1] | r)]";
        "| \(.tokens) | \(.top | ci) | \(.random | ci) | \(.alike | ci) | \(.over_random | ci) | \(.over_alike | ci) |")' "$work/json/reasons.json"
