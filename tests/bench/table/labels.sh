#!/bin/sh
# What learning without labels is worth where few cases have one: a tenth of the training labels kept.
. "$(dirname "$0")/lib.sh"
echo "Test AUC, with its 95 % interval, on linked synthetic cohorts (0.6) of $CASES when a tenth of the training cases have a label: learned from these cases
alone; from all, the others without labels; from all by \`--pretrain\`, then from the labelled with \`--from\`."
echo
echo "| seed | labels | labelled cases alone | all cases | pretrained on all |"
echo "|---|---|---|---|---|"
# few FROM TO KEEP: a cohort with a tenth of the training labels; the others' cases stay (KEEP 1) or go (KEEP 0).
few() {
    rm -rf "$2"
    mkdir -p "$2"
    ln -s "$1/cases" "$2/cases"
    awk -F, -v OFS=, -v keep="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "split") s = i; print; next }
        $s != "test" && ++n % 10 { if (!keep) next; $2 = "" } { print }' "$1/labels.csv" >"$2/labels.csv"
    [ ! -f "$1/labels.json" ] || cp "$1/labels.json" "$2/"
}
for seed in $SEEDS; do
    c=$(cohort "$seed" --linked 0.6)
    few "$c" "$work/few-$seed" 0
    few "$c" "$work/some-$seed" 1
    row="| $seed | $(awk -F, 'NR > 1 && !/,test/' "$work/few-$seed/labels.csv" | wc -l) |"
    for way in few some from; do
        case $way in
        from) m=$(model "$work/few-$seed" "$seed" --from "$(model "$work/some-$seed" "$seed" --pretrain)") ;;
        *) m=$(model "$work/$way-$seed" "$seed") ;;
        esac
        row="$row $(evaluate "$m" "$c" | jq -r 'def r: . * 1000 | round / 1000; [.labels[]][0] | "\(.auc | r) [\(.auc_ci[0] | r), \(.auc_ci[1] | r)]"') |"
    done
    echo "$row"
done
