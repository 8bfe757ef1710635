#!/bin/sh
# BreastMNIST, published split, as DICOM files.
. "$(dirname "$0")/lib.sh"
archive=$DATA/medmnist/breastmnist.npz
[ -f "$archive" ] || skip "there is no $archive"
c=$work/breast
[ -f "$c/labels.csv" ] || python3 "$top/tests/cohorts/medmnist.py" "$archive" "$c" >&2
echo "Test AUC with its 95 % interval; published for ResNet-18 at 28 pixels 0.901, the best published 0.919 (Yang et al. 2023)."
echo
echo "| seed | AUC | accuracy |"
echo "|---|---|---|"
for seed in $SEEDS; do
    m=$(model "$c" "$seed")
    evaluate "$m" "$c" --seed "$seed" | jq -r --arg seed "$seed" 'def r: . * 1000 | round / 1000; [.labels[]][0] |
        "| \($seed) | \(.auc | r) [\(.auc_ci[0] | r), \(.auc_ci[1] | r)] | \(.accuracy | r) |"'
done
