#!/bin/sh
# profile.sh [BUILD [CASES [OPTION-OF-RUN...]]]: where the processor time of a case goes in `consilium run` over synthetic cases
# (default: 400) with one worker, and what the parts could be at best: SHA-256 by `openssl speed`, products by bench_network, what a
# case holds in bytes, how many system calls and page faults it takes. Needs perf and strace, and a kernel that lets them look.
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
cases=${2:-400}
[ $# -lt 2 ] || shift
[ $# -lt 1 ] || shift
T=$(mktemp -d /tmp/consilium-profile-XXXXXX)
trap 'rm -rf "$T"' EXIT
export XDG_CONFIG_HOME="$T"
"$build/consilium" synth --cases "$cases" --seed 1 --out "$T/cohort" >/dev/null 2>&1
"$build/consilium" train "$T/cohort" --out "$T/m.safetensors" --epochs 2 --seed 1 >/dev/null 2>&1
mkdir -p "$T/one/cases"
ln -s "$T/cohort/cases/$(ls "$T/cohort/cases" | head -n 1)" "$T/one/cases/"
run() { # PART TOOL...: under the tool, over the cohort of that name
    part=$1
    shift
    rm -rf "$T/out"
    "$@" "$build/consilium" run "$T/$part" --model "$T/m.safetensors" --out "$T/out" --jobs 1 $options >"$T/log" 2>&1 || { cat "$T/log"; exit 3; }
}
options=$*

run one perf record -q -o "$T/perf" -F 4000 -g --
perf script -i "$T/perf" -F pid,ip,sym,dso 2>/dev/null >"$T/empty"
run cohort perf record -q -o "$T/perf" -F 4000 -g --
perf script -i "$T/perf" -F pid,ip,sym,dso 2>/dev/null | python3 "$here/profile.py" "$T" "$cases"
run one perf stat -x, -o "$T/stat.one" -e page-faults,context-switches --
run cohort perf stat -x, -o "$T/stat" -e page-faults,context-switches --
run one strace -f -c -o "$T/calls.one"
run cohort strace -f -c -o "$T/calls"
echo
awk -F, -v n=$((cases - 1)) '/^[0-9]/ { if (FNR == NR) one[$3] = $1; else printf "%.0f %s a case\n", ($1 - one[$3]) / n, $3 }' "$T/stat.one" "$T/stat"
calls() { awk '$NF == "total" { print $4 == "total" ? $3 : $4 }' "$1"; }
echo "$((($(calls "$T/calls") - $(calls "$T/calls.one")) / (cases - 1))) system calls a case"
echo "$(($(find "$T/cohort/cases" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%d", n }') / cases)) bytes a case"
openssl speed -seconds 1 -bytes 16384 -evp sha256 2>/dev/null | awk '/^sha256/ { print "SHA-256 at best: " $2 " bytes/s, thousands" }'
cmake --build "$build" --target bench_network >/dev/null 2>&1 && "$build/tests/bench_network" | grep -iE 'GF/s|1024' || true
