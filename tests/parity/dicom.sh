#!/bin/sh
# dicom.sh DICOM_FRAMES: every frame of the real files against pydicom. Exit 77: no files, or no pydicom.
data=${CONSILIUM_TEST_DATA:-$(dirname "$0")/../../../shared/data}/dicom
python=
for candidate in python3 /usr/bin/python3; do # Debian's python3-pydicom belongs to the second
    if "$candidate" -c 'import pydicom, numpy, gdcm' 2>/dev/null; then python=$candidate; break; fi
done
[ -d "$data" ] || { echo "skipped: no real files under $data"; exit 77; }
[ -n "$python" ] || { echo "skipped: no pydicom with numpy and gdcm"; exit 77; }
# gdcm ends the process on compressed images of one bit a pixel; those are held against their uncompressed twins in
# tests/unit/dicom.
find "$data" -type f ! -name '*.zst' ! -name 'liver_*rle.dcm' ! -name 'liver_*j2k.dcm' ! -name 'liver_*deflate.dcm' -print0 |
    sort -z | xargs -0 "$python" "$(dirname "$0")/dicom.py" "$1" 2>/dev/null >"${TMPDIR:-/tmp}/dicom_parity.$$"
status=$?
# The decoders talk on standard output.
grep -E 'held against|pydicom|error' "${TMPDIR:-/tmp}/dicom_parity.$$"
rm -f "${TMPDIR:-/tmp}/dicom_parity.$$"
exit $status
