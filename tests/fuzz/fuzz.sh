#!/bin/sh
# fuzz.sh [SECONDS [FILE-OR-FOLDER...]]: libFuzzer on the image adapter, under AddressSanitizer and UBSan, from synthetic files and those
# given. Needs clang with its sanitizers (Debian: clang, libclang-rt-dev). Builds into build-fuzz beside build; what is found lies there
# in found/, and `build/tests/dicom_replay found/...` plays it back.
set -e
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build-fuzz
log=$build/fuzz.log
seconds=${1:-60}
[ $# = 0 ] || shift
[ -x "$top/build/consilium" ] || { echo "fuzz.sh: build the project first: the seeds are of $top/build/consilium"; exit 3; }
mkdir -p "$build/corpus" "$build/found"
CC=clang CXX=clang++ cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo >"$log" 2>&1 &&
    cmake --build "$build" --target fuzz_dicom >>"$log" 2>&1 || { tail -5 "$log"; echo "fuzz.sh: the whole of it is in $log"; exit 3; }
rm -rf "$build/cohort"
"$top/build/consilium" synth --cases 4 --seed 5 --out "$build/cohort" >/dev/null 2>&1
for file in "$build"/cohort/cases/*/dx.dcm "$build"/cohort/cases/*/ct-000.dcm; do
    cp "$file" "$build/corpus/$(echo "$file" | tr / - | tail -c 40)"
done
[ $# = 0 ] || find "$@" -type f -size -256k -exec cp {} "$build/corpus" \;
"$build/tests/fuzz_dicom" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=262144 -artifact_prefix="$build/found/" \
    -print_final_stats=1 "$build/corpus"
