#!/bin/sh
# What learning without labels is worth where few cases have one: a tenth of the training labels kept, and all of them.
# LINKS of the cohorts (0.8 0); IMAGES=0 leaves the images out, which take most of the time.
. "$(dirname "$0")/lib.sh"
LINKS=${LINKS:-0.8 0}
IMAGES=${IMAGES:-1}
[ "$IMAGES" = 1 ] && what="" || what=", without the images"
echo "Test AUC on synthetic cohorts of $CASES$what, of seeds $SEEDS, with a tenth of the training labels or all. Alone: learned from
the labelled cases only. One command: from all cases, the others without labels. The rest: from all by \`--pretrain\`, then from the labelled with \`--from\`."
echo
echo "| link | labels | learned | AUC of each cohort | mean |"
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

# learn WAY COHORT SEED: the model of that way; COHORT has COHORT-alone and COHORT-few beside it.
learn() {
    case $1 in
    alone) model "$2-alone" "$3" ;;
    command) model "$2-few" "$3" --contrastive 0.3 ;;
    few-*) model "$2-few" "$3" --contrastive "${1#*-}" --from "$(model "$2" "$3" --pretrain --contrastive "${1#*-}")" ;;
    all-*) model "$2" "$3" --contrastive "${1#*-}" --from "$(model "$2" "$3" --pretrain --contrastive "${1#*-}")" ;;
    esac
}

for link in $LINKS; do
    for way in alone command few-0 few-0.3 all-0 all-0.3; do
        for seed in $SEEDS; do
            c=$(cohort "$seed" --linked "$link")
            if [ "$IMAGES" != 1 ] && [ ! -d "$c-lean" ]; then
                cp -r "$c" "$c-lean"
                rm -f "$c-lean"/cases/*/*.dcm
            fi
            [ "$IMAGES" = 1 ] || c=$c-lean
            few "$c" "$c-alone" 0
            few "$c" "$c-few" 1
            evaluate "$(learn $way "$c" "$seed")" "$c" | jq -r '[.labels[]][0].auc'
        done >"$work/aucs-$link"
        case $way in
        alone) name="10 % | alone" ;;
        command) name="10 % | in one command, \`--contrastive 0.3\`" ;;
        few-*) name="10 % | pretrained, \`--contrastive ${way#*-}\`" ;;
        all-*) name="100 % | pretrained, \`--contrastive ${way#*-}\`" ;;
        esac
        awk -v head="| $link | $name |" '{ s += $1; q += $1 * $1; list = list sprintf(" %.3f", $1) }
            END { printf "%s%s | %.3f ± %.3f |\n", head, list, s / NR, (NR > 1 ? sqrt((q - s * s / NR) / (NR - 1)) : 0) }' "$work/aucs-$link"
    done
done
