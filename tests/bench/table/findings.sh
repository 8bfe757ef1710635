#!/bin/sh
# Zero-shot: a finding of one modality looked for in the others by a description, in linked cohorts, with a model that has
# learned without labels. LINK of the cohorts (0.8).
. "$(dirname "$0")/lib.sh"
LINK=${LINK:-0.8}
echo "AUC, with its 95 % interval, for the trait of image (\`image.conjoined\`) and of variants (\`variant.carrier\`) in the test cases of linked
synthetic cohorts ($LINK) of $CASES, of how well a case fits a description of \`record.renal\`, against one of its absence: a high creatinine against a high
glucose, as codes; or the records of ten training patients of each kind. The model is trained by \`--pretrain\` alone."
echo
echo "| seed | image, from codes | image, from 20 records | variants, from codes | variants, from 20 records |"
echo "|---|---|---|---|---|"
printf 'http://loinc.org|2160-0,1.6\n' >"$work/renal.codes"
printf 'http://loinc.org|2345-7,140\n' >"$work/sugar.codes"

# finding COHORT: beside it the cohort again, its labels being what is true of image and variants.
finding() {
    rm -rf "$1-finding"
    mkdir -p "$1-finding"
    ln -s "$1/cases" "$1-finding/cases"
    join -t, "$1/truth.csv" "$1/labels.csv" |
        awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "case,conjoined,carrier,split" }
            NR > 1 { print $1, $at["image.conjoined"], $at["variant.carrier"], $at["split"] }' >"$1-finding/labels.csv"
}

# records COHORT: options that describe the finding and its absence by the records of ten training patients each.
records() {
    join -t, "$1/truth.csv" "$1/labels.csv" |
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
            NR > 1 && $at["split"] == "train" && seen[$at["record.renal"]]++ < 10 {
                print $1, $at["record.renal"] ? "--describe" : "--against" }' |
        while read -r id option; do echo "$option" "$1/cases/$id"/record.*; done
}

for seed in $SEEDS; do
    c=$(cohort "$seed" --linked "$LINK")
    finding "$c"
    m=$(model "$c" "$seed" --pretrain)
    row="| $seed |"
    for to in image:conjoined variant:carrier; do
        for by in codes records; do
            options="--describe $work/renal.codes --against $work/sugar.codes"
            [ $by = codes ] || options="--from record $(records "$c")"
            # shellcheck disable=SC2086
            row="$row $("$consilium" retrieve "$m" "$c-finding" --to "${to%:*}" --label "${to#*:}" $options --json --jobs "$JOBS" \
                --cache "$work/cache" | jq -r 'def r: . * 1000 | round / 1000; "\(.auc | r) [\(.auc_ci[0] | r), \(.auc_ci[1] | r)]"') |"
        done
    done
    echo "$row"
done
