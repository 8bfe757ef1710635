#!/bin/sh
# dicom.sh BUILD: files a second from path to the values of all frames, by family of transfer syntax, beside pydicom with
# Debian's decoders (numpy, gdcm, Pillow) on the same files, one thread each, start-up and imports left out. A family's rate
# is what its files take together. The last column says how much of this program's time is decoding.
build=$(realpath "${1:?dicom.sh BUILD}")
here=$(dirname "$(realpath "$0")")
data=${CONSILIUM_TEST_DATA:-$here/../../../shared/data}/dicom
seconds=${SECONDS_A_FILE:-0.3}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import pydicom, gdcm' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] && [ -d "$data" ] || { echo "needs $data and pydicom with gdcm" >&2; exit 3; }
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
cd "$data" || exit 3
awk 'BEGIN { printf "%-34s %5s %11s %11s %7s %8s\n", "family", "files", "files/s", "pydicom", "times", "decoding" }'
while read -r family patterns; do
    # shellcheck disable=SC2086 # patterns are meant to be expanded
    taskset -c 0 "$python" "$here/dicom_peer.py" --seconds "$seconds" $patterns 2>/dev/null | grep -aP '\t[0-9.e-]+$' >"$T/peer"
    cut -f 1 "$T/peer" | xargs taskset -c 0 "$build/tests/bench_dicom" --seconds "$seconds" >"$T/ours"
    awk -F '\t' -v family="$family" 'NR == FNR { peer[$1] = $2; next } $2 != "error" && $1 in peer {
        n++; theirs += peer[$1]; all += $2; decode += $4 }
        END { gsub("_", " ", family); printf "%-34s %5d %11.0f %11.0f %7.1f %7.0f%%\n", family, n, n / all, n / theirs, theirs / all, 100 * decode / all }' "$T/peer" "$T/ours"
done <<'END'
uncompressed_little_endian cornerstone/CTImage.dcm cornerstone/CTImage.dcm_Little* pydicom/test_files/CT_small.dcm pydicom/test_files/MR_small.dcm pydicom-data/SC_rgb.dcm pydicom-data/SC_rgb_16bit.dcm pydicom-data/emri_small.dcm pydicom-data/color-p*.dcm pydicom/test_files/rtdose.dcm
uncompressed_big_endian cornerstone/*BigEndian* pydicom/test_files/ExplVR_BigEnd.dcm pydicom/test_files/MR_small_bigendian.dcm pydicom-data/SC_rgb_expb.dcm pydicom-data/SC_rgb_expb_16bit.dcm pydicom-data/emri_small_big_endian.dcm pydicom/test_files/rtdose_expb.dcm
deflated cornerstone/*Deflated* pydicom/test_files/image_dfl.dcm
RLE cornerstone/*RLE* nema_wg04/RLE/* pydicom/test_files/MR_small_RLE.dcm pydicom/test_files/SC_rgb_rle*.dcm pydicom-data/OBXXXX1A_rle*.dcm pydicom-data/emri_small_RLE.dcm pydicom/test_files/rtdose_rle*.dcm dcm4che/YBR_FULL-RLE.dcm
JPEG_baseline cornerstone/*JPEGProcess1T* pydicom/test_files/SC_rgb_jpeg_dcmtk.dcm pydicom/test_files/SC_rgb_jpeg_lossy_gdcm.dcm pydicom/test_files/SC_rgb_dcmtk_+eb*.dcm pydicom/test_files/SC_jpeg_no_color_transform*.dcm pydicom/test_files/examples_ybr_color.dcm cornerstone/CT0012*
JPEG_of_12_bits cornerstone/*JPEGProcess2_4* nema_wg04/JPLY/* pydicom/test_files/JPGExtended.dcm pydicom/test_files/JPEG-lossy.dcm
JPEG_lossless cornerstone/*JPEGProcess14* nema_wg04/JPLL/* pydicom-data/JPEG-LL.dcm pydicom-data/JPGLosslessP14SV1_1s_1f_8b.dcm dcm4che/*JPEGLosslessSV1.dcm pydicom/test_files/SC_rgb_jpeg_gdcm.dcm
JPEG-LS cornerstone/*JPEGLS* nema_wg04/JLS[LN]/* pydicom-data/JLS*.dcm pydicom/test_files/MR_small_jpeg_ls_lossless.dcm pydicom-data/emri_small_jpeg_ls_lossless.dcm dcm4che/jpeg-ls-Palette.dcm
JPEG_2000_lossless cornerstone/*JPEG2000Loss* nema_wg04/J2KR/* cornerstone/CT?_J2KR pydicom-data/*J2KR.dcm pydicom/test_files/MR_small_jp2klossless.dcm pydicom-data/emri_small_jpeg_2k_lossless.dcm
JPEG_2000 cornerstone/*JPEG2000Tr* nema_wg04/J2KI/* pydicom-data/*J2KI.dcm pydicom/test_files/693_J2KI.dcm pydicom/test_files/JPEG2000.dcm
END
