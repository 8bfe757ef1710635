#!/bin/sh
# radiomics.sh [BUILD [ROUNDS]]: the features of regions of interest beside PyRadiomics, on the same volumes, in one run, one thread each;
# processor time, the least of ROUNDS (default: 3). First that both say the same where they define alike. PyRadiomics is put into
# BUILD/peers from its repository (or from the folder that PYRADIOMICS names), its two C extensions compiled there with -O3; without
# network, git or numpy it is left out, and said so. Its feature classes run by themselves: what its extractor adds, reading and
# checking images with SimpleITK, is not counted. "all" is in space and within slices; PyRadiomics then does its textures twice.
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
rounds=${2:-3}
peers=$build/peers
folder=$peers/radiomics-regions
mkdir -p "$folder"
cmake --build "$build" --target bench_radiomics >"$peers/build.log" 2>&1 || { cat "$peers/build.log"; exit 1; }
ours=$build/tests/bench_radiomics
"$ours" write "$folder"

package=$peers/pyradiomics
python=
for candidate in /usr/bin/python3 python3; do # Debian's python3-numpy belongs to the first
    if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || echo "PyRadiomics left out: no python3 here can import numpy (Debian: python3-numpy)"
if [ -n "$python" ] && [ ! -d "$package/radiomics" ]; then
    if [ -n "$PYRADIOMICS" ]; then
        mkdir -p "$package" && cp -r "$PYRADIOMICS/radiomics" "$package/"
    else
        git clone -q --depth 1 https://github.com/AIM-Harvard/pyradiomics "$package" >"$peers/pyradiomics.log" 2>&1 ||
            echo "PyRadiomics left out: it could not be fetched ($peers/pyradiomics.log)"
    fi
fi
if [ -n "$python" ] && [ -d "$package/radiomics" ]; then
    include=$("$python" -c 'import numpy, sysconfig; print("-I" + sysconfig.get_path("include"), "-I" + numpy.get_include())')
    for extension in cmatrices cshape; do
        # shellcheck disable=SC2086 # two options
        [ -e "$package/radiomics/_$extension.so" ] || cc -O3 -DNDEBUG -fPIC -shared $include "$package/radiomics/src/_$extension.c" \
            "$package/radiomics/src/$extension.c" -o "$package/radiomics/_$extension.so" >"$peers/pyradiomics.log" 2>&1 ||
            { echo "PyRadiomics left out: its extensions could not be compiled (Debian: python3-dev; $peers/pyradiomics.log)"; python=; break; }
    done
else
    python=
fi
peer() {
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 "$python" "$here/radiomics_peer.py" "$package" "$@"
}

if [ -n "$python" ]; then
    for name in small medium; do
        "$ours" values "$folder" $name >"$folder/ours"
        peer values "$folder" $name >"$folder/theirs"
        awk -v name=$name 'NR == FNR { ours[$1] = $2; next }
            { d = $2 == 0 ? ours[$1] : ours[$1] / $2 - 1; if (d < 0) d = -d; if (d >= worst) { worst = d; tag = $1 } n++ }
            END { printf "%s: %d features of both, largest relative difference %.1e (%s)\n", name, n, worst, tag }' \
            "$folder/ours" "$folder/theirs"
    done
fi
printf '%-8s %9s %9s %9s %6s %9s %9s %6s   %s\n' region voxels "3D, s" "peer, s" times "all, s" "peer, s" times "peak MiB, peer"
for name in tiny little small medium large; do
    "$ours" time "$folder" $name "$((5 * rounds))" >"$folder/ours"
    if [ -n "$python" ]; then peer time "$folder" $name "$rounds" >"$folder/theirs"; else echo "$name 0 0 0 0" >"$folder/theirs"; fi
    paste -d' ' "$folder/ours" "$folder/theirs" |
        awk 'function of(t) { return t ? sprintf("%.4f", t) : "-" } function times(t, u) { return u ? sprintf("%.1f", u / t) : "-" }
            { printf "%-8s %9d %9.5f %9s %6s %9.5f %9s %6s   %.0f, %s\n", $1, $2, $3, of($8), times($3, $8), $4, of($9),
                     times($4, $9), $5, $10 ? sprintf("%.0f", $10) : "-" }'
done
