#!/bin/sh
# dicom_families.sh DICOM_FRAMES: one image in many transfer syntaxes. Each line below names a reference, how much a
# pixel may differ at most, and files; 0 is to the bit. The bounds of lossy ones are what was measured (docs/dicom.md).
# Exit 77: no files.
frames=$(realpath "$1")
data=${CONSILIUM_TEST_DATA:-$(dirname "$0")/../../../shared/data}/dicom
[ -d "$data" ] || { echo "skipped: no real files under $data"; exit 77; }
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
for image in CT1 MR1 NM1 US1; do # the uncompressed ones, where they can be unpacked
    zstd -q -d "$data/nema_wg04/REF/${image}_UNC.zst" -o "$T/$image" 2>/dev/null || cp "$data/nema_wg04/J2KR/${image}_J2KR" "$T/$image"
done
cd "$data" || exit 1
failed=0
compared=0
while read -r reference bound files; do
    # shellcheck disable=SC2086 # patterns are meant to be expanded
    "$frames" --against $reference $files >"$T/out" || failed=1
    awk -F '\t' -v bound="$bound" '$2 == "error" || $3 + 0 > bound { print; bad = 1 } END { exit bad }' "$T/out" || failed=1
    compared=$((compared + $(wc -l <"$T/out")))
done <<END
$T/CT1 0 nema_wg04/*/CT1_J2KR nema_wg04/*/CT1_JLSL nema_wg04/*/CT1_JPLL nema_wg04/*/CT1_RLE
$T/CT1 4 nema_wg04/*/CT1_JLSN
$T/CT1 352 nema_wg04/*/CT1_J2KI
$T/MR1 0 nema_wg04/*/MR1_J2KR nema_wg04/*/MR1_JLSL nema_wg04/*/MR1_JPLL nema_wg04/*/MR1_RLE
$T/MR1 4 nema_wg04/*/MR1_JLSN
$T/MR1 128 nema_wg04/*/MR1_JPLY
$T/MR1 396 nema_wg04/*/MR1_J2KI
$T/NM1 0 nema_wg04/*/NM1_J2KR nema_wg04/*/NM1_JLSL nema_wg04/*/NM1_JPLL nema_wg04/*/NM1_RLE
$T/NM1 4 nema_wg04/*/NM1_JLSN
$T/NM1 36 nema_wg04/*/NM1_JPLY
$T/NM1 101 nema_wg04/*/NM1_J2KI
$T/US1 0 nema_wg04/*/US1_J2KR
$T/US1 46 nema_wg04/*/US1_J2KI
cornerstone/CTImage.dcm 0 cornerstone/CTImage*Endian* cornerstone/CTImage*Lossless* cornerstone/CTImage*JPEGProcess14*
cornerstone/CTImage.dcm 1 cornerstone/CTImage*JPEGLSLossy*
cornerstone/CTImage.dcm 5 cornerstone/CTImage*JPEG2000TransferSyntax*
cornerstone/CTImage.dcm 36 cornerstone/CTImage*JPEGProcess2_4* cornerstone/CTImage*JPEGProcess6_8* cornerstone/CTImage*JPEGProcess10_12*
cornerstone/CTImage.dcm 65 cornerstone/CTImage*JPEGProcess1Transfer*
pydicom-data/liver.dcm 0 pydicom-data/liver_deflate.dcm pydicom-data/liver_expb.dcm pydicom-data/liver_j2k.dcm pydicom-data/liver_rle.dcm
pydicom-data/liver_nonbyte_aligned.dcm 0 pydicom-data/liver_nonbyte_aligned_*.dcm
pydicom-data/emri_small.dcm 0 pydicom-data/emri_small*
pydicom/test_files/MR_small.dcm 0 pydicom/test_files/MR_small*
pydicom/test_files/rtdose.dcm 0 pydicom/test_files/rtdose_expb.dcm pydicom/test_files/rtdose_rle.dcm
pydicom-data/JLSL_RGB_ILV0.dcm 0 pydicom-data/JLSL_RGB*
pydicom/test_files/SC_rgb_small_odd.dcm 0 pydicom/test_files/SC_rgb_small_odd_big_endian.dcm
END
echo "$compared frames held against their references"
exit $failed
