#!/bin/sh
# UCI Heart Disease, Cleveland, as FHIR records: five folds, beside logistic regression on the same folds.
. "$(dirname "$0")/lib.sh"
table=$DATA/clinical/heart_uci/processed.cleveland.data
[ -f "$table" ] || skip "there is no $table"
c=$work/heart
regression=$(python3 "$top/tests/cohorts/heart.py" "$table" "$c" | grep 'logistic regression')
echo "Five folds; AUC over all cases, each scored by the model that did not see it, with its 95 % interval, and mean and deviation over folds.
On the same folds, $regression."
echo
echo "| seed | AUC, all cases | mean of folds | deviation | Brier |"
echo "|---|---|---|---|---|"
for seed in $SEEDS; do
    "$consilium" train "$c" ${TRAIN:-} --folds column --seed "$seed" --jobs "$JOBS" --cache "$work/cache" --json |
        jq -r --arg seed "$seed" 'def r: . * 1000 | round / 1000; [.pooled[]][0] as $all | [.tasks[]][0] as $task |
            "| \($seed) | \($all.auc | r) [\($all.auc_ci[0] | r), \($all.auc_ci[1] | r)] | \($task.auc.mean | r) | \($task.auc.sd | r) | \($all.brier | r) |"'
done
