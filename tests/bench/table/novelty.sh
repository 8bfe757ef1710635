#!/bin/sh
# Whether cases unlike those of training are told from others: real DICOM pictures against a synthetic cohort.
. "$(dirname "$0")/lib.sh"
[ -d "$DATA/dicom/pydicom/test_files" ] || skip "there is no $DATA/dicom/pydicom/test_files"
real=$work/real
rm -rf "$real"
for name in CT_small MR_small ExplVR_BigEnd JPGExtended examples_overlay examples_palette examples_rgb_color examples_ybr_color image_dfl rtdose \
    OBXXXX1A_rle JPEG-LL vlut_04 color-px emri_small; do
    for file in "$DATA"/dicom/pydicom*/"$name".dcm "$DATA"/dicom/pydicom/test_files/"$name".dcm; do
        [ -f "$file" ] || continue
        mkdir -p "$real/cases/$name"
        cp "$file" "$real/cases/$name/image.dcm"
    done
done
echo "A case is novel where its p-value is under 0.01; AUC of that value, with its 95 % interval. The other cases are
pictures of the pydicom test files: CT, MR, ultrasound, radiographs, dose, colour."
echo
echo "| seed | cohort's cases | flagged | real images | flagged | AUC |"
echo "|---|---|---|---|---|---|"
for seed in $SEEDS; do
    c=$(cohort "$seed")
    m=$(model "$c" "$seed" --modality-dropout 0.15)
    # Exit code 1: some of the real files are no images that an adapter reads, which standard error names.
    evaluate "$m" "$c" --novel "$real" --seed "$seed" >"$work/json/novelty.json" || [ $? -eq 1 ]
    jq -r --arg seed "$seed" 'def r: . * 1000 | round / 1000; .novel |
        "| \($seed) | \(.cases) | \(.flagged | r) | \(.novel_cases) | \(.novel_flagged | r) | \(.auc | r) [\(.auc_ci[0] | r), \(.auc_ci[1] | r)] |"' \
        "$work/json/novelty.json"
done
