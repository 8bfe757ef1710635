#!/bin/sh
# peers.sh [BUILD [ROUNDS]]: the network beside ONNX Runtime and PyTorch, in one run: same weights, same cases, one thread each; processor
# time. The peers are put into BUILD/peers, for this alone; one that cannot be had is left out, and said so. BUILD is a build folder
# (default: build beside this tree's top). Each measure is taken in rounds (default: 3), each program a process of its own; the
# table has the least of their medians, so that other work on the machine counts as little as may be.
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
peers=$build/peers
folder=$peers/cases
mkdir -p "$folder"
cmake --build "$build" --target bench_peers bench_network >"$peers/build.log" 2>&1 || { cat "$peers/build.log"; exit 1; }
ours=$build/tests/bench_peers

python=
for candidate in python3 /usr/bin/python3; do # Debian's python3-torch belongs to the second
    if "$candidate" -c 'import numpy, torch' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || echo "PyTorch left out, and ONNX Runtime, whose model it writes: no python3 here can import torch (Debian: python3-torch)"

# Debian's PyTorch takes any libblas.so.3; beside the reference BLAS the comparison would flatter us tenfold.
blas=$peers/openblas/usr/lib/x86_64-linux-gnu/openblas-pthread
if [ -n "$python" ] && [ ! -e "$blas/libblas.so.3" ]; then
    (mkdir -p "$peers/openblas" && cd "$peers/openblas" && apt-get download libopenblas0-pthread && dpkg -x libopenblas0-pthread*.deb .) \
        >"$peers/openblas.log" 2>&1 || echo "PyTorch runs on this machine's own BLAS: OpenBLAS could not be fetched ($peers/openblas.log)"
fi
torch() {
    LD_LIBRARY_PATH="$blas${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 "$python" "$here/peers.py" "$@"
}

node=
if [ -n "$python" ]; then
    if [ -d "$peers/node_modules/onnxruntime-node" ] ||
        npm install --ignore-scripts --no-audit --no-fund --prefix "$peers" onnxruntime-node@1.30.0 >"$peers/npm.log" 2>&1; then
        node=node
    else
        echo "ONNX Runtime left out: npm could not install onnxruntime-node ($peers/npm.log)"
    fi
fi

"$ours" write "$folder"
[ -z "$python" ] || torch export "$folder"
: >"$peers/results"
for round in $(seq "${2:-3}"); do
    for measure in one batch train; do
        "$ours" "$measure" >>"$peers/results"
        [ "$measure" = train ] || "$ours" "$measure" bf16 >>"$peers/results" || [ $round != 1 ] || echo "bf16 left out"
        [ -z "$node" ] || [ "$measure" = train ] || node "$here/peers.js" "$peers/node_modules" "$measure" "$folder" >>"$peers/results"
        [ -z "$python" ] || torch "$measure" "$folder" >>"$peers/results"
    done
done
awk '
{
    key = $2 " " $1
    if (!(key in least)) { order[++count] = key; least[key] = $3 }
    if ($3 < least[key]) least[key] = $3
    if ($4 > peak[key]) { peak[key] = $4; own[key] = $5 }
}
END {
    title["one"] = "one case at a time"; title["batch"] = "batches of 32"; title["train"] = "training step on 32"
    printf "%-20s %-15s %10s %9s %9s %16s\n", "", "", "ms a case", "of ours", "peak MiB", "of which at start"
    for (i = 1; i <= count; i++) {
        split(order[i], part, " ")
        printf "%-20s %-15s %10.2f %8.2fx %9.0f %16.0f\n", title[part[1]], part[2], least[order[i]],
               least[order[i]] / least[part[1] " consilium"], peak[order[i]], own[order[i]]
    }
}' "$peers/results"
echo
"$build/tests/bench_network"
