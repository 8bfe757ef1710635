#!/bin/sh
# Learning across modalities without labels: whose image, record and variants belong together, in linked cohorts.
# LINKS of the cohorts (0 0.8).
. "$(dirname "$0")/lib.sh"
LINKS=${LINKS:-0 0.8}
echo "Test cases of linked synthetic cohorts of $CASES; a model trained by \`--pretrain\` alone. In brackets what chance gives."
echo
echo "| link | seed | from | to | cases | recall at 1 | at 5 | at 10 | median rank |"
echo "|---|---|---|---|---|---|---|---|---|"
for link in $LINKS; do
    for seed in $SEEDS; do
        c=$(cohort "$seed" --linked "$link")
        m=$(model "$c" "$seed" --pretrain)
        "$consilium" retrieve "$m" "$c" --json --jobs "$JOBS" --cache "$work/cache" |
            jq -r --arg seed "$seed" --arg link "$link" 'def r: . * 1000 | round / 1000; .retrieval[] | .chance as $c |
            "| \($link) | \($seed) | \(.from) | \(.to) | \(.cases) | " +
            (["1", "5", "10"] as $at | [.recall[$at[]] | r] as $got | [$c.recall[$at[]] | r] as $by |
             [range(3) | "\($got[.]) (\($by[.]))"] | join(" | ")) + " | \(.median_rank) (\($c.median_rank)) |"'
    done
done
