#!/bin/sh
# `embed --features radiomics --roi`: a box drawn as a NIfTI mask on the synthetic CT, whose numbers are known.
. "$(dirname "$0")/lib.sh"
expect 0 "three patients" "$CONSILIUM" synth --cases 3 --seed 5 --out "$T/cohort"
case=$T/cohort/cases/SYN-000001

# put OFFSET BYTES: octal escapes into the mask.
put() { printf "$2" | dd of="$T/mask.nii" bs=1 seek="$1" conv=notrunc 2>/dev/null; }
# 64 x 64 x 8 voxels of 1.875 x 1.875 x 5 mm where synth puts the CT (NIfTI's axes: left and anterior change sign).
head -c $((352 + 64 * 64 * 8)) /dev/zero >"$T/mask.nii"
put 0 '\134\001\0\0'                                                     # 348, size of the header
put 40 '\003\0\100\0\100\0\010\0\001\0\001\0\001\0\001\0'                # dim
put 70 '\002\0\010\0'                                                    # uint8
put 76 '\0\0\200\077\0\0\360\077\0\0\360\077\0\0\240\100'                # pixdim: 1, 1.875, 1.875, 5
put 108 '\0\0\260\103'                                                   # voxels begin at 352
put 254 '\001\0'                                                         # sform
put 280 '\0\0\360\277\0\0\0\0\0\0\0\0\0\0\160\102'                       # x = -1.875 i + 60
put 296 '\0\0\0\0\0\0\360\277\0\0\0\0\0\0\160\102'                       # y = -1.875 j + 60
put 312 '\0\0\0\0\0\0\0\0\0\0\240\100\0\0\0\0'                           # z = 5 k
put 344 'n+1\0'
head -c 20 /dev/zero | tr '\0' '\001' >"$T/line"
for slice in 2 3 4; do # 20 x 20 x 3 voxels from (10, 10, 2)
    row=10
    while [ $row -lt 30 ]; do
        dd if="$T/line" of="$T/mask.nii" bs=1 seek=$((352 + (slice * 64 + row) * 64 + 10)) conv=notrunc 2>/dev/null
        row=$((row + 1))
    done
done

measure() { "$CONSILIUM" embed --features radiomics --roi "$@" "$case"; }
feature() { jq -r "select(.type == \"token\").features.$1" "$T/out"; }
expect 0 "measure a box" measure "$T/mask.nii"
same "one region" "$(grep -c '"type":"token"' "$T/out")" 1
same "its voxels" "$(feature morph_vol_approx)" "21093.75"
# The mesh cuts corners: 37.5 mm along x, but between the outer voxels' middles along y and z, sqrt(37.5^2 + 35.625^2 + 10^2).
same "its longest diagonal" "$(feature morph_diam | cut -c1-6)" 52.681
same "no fact is printed" "$(grep -c '"type":"fact"' "$T/out")" 0
expect 0 "one label of it" measure "$T/mask.nii#1"
expect 1 "a label that it has not" measure "$T/mask.nii#2"
says "$T/err" "says so" "no region of this file has the number or name after '#'"
expect 0 "grey levels of 16 bins" measure "$T/mask.nii" --option radiomics.bin_width=50
narrow=$(feature ih_entropy)
expect 0 "grey levels of 8 bins" measure "$T/mask.nii" --option radiomics.bin_width=100
awk -v a="$narrow" -v b="$(feature ih_entropy)" 'BEGIN {exit !(a > b)}' && say "ok: wider bins hold less" || fail "wider bins: $narrow"
expect 2 "bins of no width" measure "$T/mask.nii" --option radiomics.bin_width=0
says "$T/err" "says what would be right" "radiomics.bin_width must be"
expect 1 "a file that is no mask" measure "$case/dx.dcm"
says "$T/err" "says what would be one" "no segmentation, RT structure set or NIfTI mask"
finish
