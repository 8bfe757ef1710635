#!/bin/sh
# scale.sh [BUILD [CASES...]]: `run` over ever longer lists of cases (default: 1000 10000 100000), 2 workers, with audit log and sandbox, without findings:
# cases a second, and the peak memory of the conductor. The cases are those of a synthetic cohort of 100, again and again under
# other names, by a CSV file. Last, that the log of the longest run verifies, and how long `status` takes.
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 1000 10000 100000
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
consilium=$build/consilium
export XDG_CONFIG_HOME="$folder/config" XDG_STATE_HOME="$folder/state"
"$consilium" synth --cases 100 --seed 1 --out "$folder/cohort" >/dev/null 2>&1
"$consilium" train "$folder/cohort" --epochs 1 --out "$folder/model" >/dev/null 2>&1
printf '%8s %9s %9s %20s %12s\n' cases seconds cases/s 'conductor, peak MiB' 'store, MiB'
for cases in "$@"; do
    awk -v n="$cases" -v folder="$folder/cohort/cases" 'BEGIN { print "case,path"
        for (i = 0; i < n; i++) printf "CASE-%07d,%s/SYN-%06d\n", i, folder, i % 100 + 1 }' >"$folder/list.csv"
    rm -rf "$folder/out"
    begun=$(date +%s.%N)
    "$consilium" run "$folder/list.csv" --model "$folder/model" --out "$folder/out" --jobs 2 --no-findings >"$folder/said" 2>&1 &
    conductor=$!
    while kill -0 $conductor 2>/dev/null; do
        awk '/^VmHWM/ { print $2 }' "/proc/$conductor/status" >"$folder/now" 2>/dev/null || true
        [ ! -s "$folder/now" ] || mv "$folder/now" "$folder/peak"
        sleep 0.1
    done
    wait $conductor || { cat "$folder/said"; exit 1; }
    ended=$(date +%s.%N)
    rows=$(($(wc -l <"$folder/out/results.csv") - 1))
    [ "$rows" -eq "$cases" ] || { echo "$rows results of $cases cases"; exit 1; }
    awk -v n="$cases" -v from="$begun" -v to="$ended" -v peak="$(cat "$folder/peak")" -v store="$(stat -c %s "$folder/out/run.db")" \
        'BEGIN { t = to - from; printf "%8d %9.1f %9.1f %20.1f %12.0f\n", n, t, n / t, peak / 1024, store / 1048576 }'
done
begun=$(date +%s.%N)
"$consilium" status "$folder/out" >/dev/null
ended=$(date +%s.%N)
awk -v from="$begun" -v to="$ended" 'BEGIN { printf "status: %.2f s\n", to - from }'
"$consilium" audit verify "$folder/out/audit" --key "$folder/out/audit.vkey" --results "$folder/out/results.ndjson"
