#!/bin/sh
# real.sh REPLAY: a share of the public test files, truncated and altered. All of them, and all that a file is asked to bear:
#     build/tests/dicom_replay --truncations 50 --flips 200 DATA/dicom DATA/bad/dicom
set -e
here=$(cd "$(dirname "$0")" && pwd)
data=${CONSILIUM_TEST_DATA:-$here/../../../shared/data}
if [ ! -d "$data/dicom" ]; then
    echo "skipped: no public DICOM files in $data"
    exit 77
fi
"$1" --every 7 --truncations 4 --flips 16 "$data/dicom" "$data/bad/dicom"
