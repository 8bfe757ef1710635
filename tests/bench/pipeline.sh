#!/bin/sh
# pipeline.sh [BUILD [CASES [ROUNDS]]]: `consilium run` beside a Python script of the usual parts (pipeline_peer.py: pydicom,
# json and lxml, pysam, NumPy, PyTorch, a process pool) over the same synthetic cases (default: 200) with the same model file, with
# 1 and 2 workers, in alternation, ROUNDS times (default: 3). Medians of cases a second over the whole run, start-up, commits and all;
# the same without what a run over one case takes; processor milliseconds a case; the greatest memory of all processes together
# (proportional set size). Then whether the scores are the same.
#
# Twice over: `scores`, the peer's scores beside `run --no-findings`, and `reasons`, the peer with the Shapley values and integrated
# gradients that `run` gives by default, on a tenth of the cases. Last what sandbox and audit cost.
#
# SKIP_REASONS=1 leaves out the second. Debian: python3-pydicom python3-gdcm python3-lxml python3-pysam python3-torch.
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
cases=${2:-200} rounds=${3:-3}
cmake --build "$build" --target consilium bench_run dicom.so record.so variant.so >"$build/pipeline.log" 2>&1 ||
    { cat "$build/pipeline.log"; exit 1; }

python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import gdcm, lxml, numpy, pydicom, pysam, torch' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "no python3 here has gdcm, lxml, numpy, pydicom, pysam and torch" >&2; exit 3; }
# Debian's PyTorch takes any libblas.so.3; beside the reference BLAS the comparison would flatter us (peers.sh).
peers=$build/peers
blas=$peers/openblas/usr/lib/x86_64-linux-gnu/openblas-pthread
if [ ! -e "$blas/libblas.so.3" ]; then
    (mkdir -p "$peers/openblas" && cd "$peers/openblas" && apt-get download libopenblas0-pthread && dpkg -x libopenblas0-pthread*.deb .) \
        >"$peers/openblas.log" 2>&1 || echo "PyTorch runs on this machine's own BLAS: OpenBLAS could not be fetched ($peers/openblas.log)"
fi

T=$(mktemp -d /tmp/consilium-bench-XXXXXX)
trap 'rm -rf "$T"' EXIT
export XDG_CONFIG_HOME="$T" BENCH_RUN_OUT="$T/out" PYTHONDONTWRITEBYTECODE=1
unset CONSILIUM_PLUGIN_PATH XDG_STATE_HOME
"$build/consilium" synth --cases "$cases" --seed 1 --out "$T/cohort" >/dev/null 2>&1
"$build/consilium" train "$T/cohort" --out "$T/m.safetensors" --epochs 2 --seed 1 >/dev/null 2>&1
"$build/consilium" audit keygen --out "$T/key" --origin bench.example/audit >/dev/null
few=$(((cases + 9) / 10))
for part in one:1 tenth:$few; do
    mkdir -p "$T/${part%:*}/cases"
    ls "$T/cohort/cases" | head -n "${part#*:}" | while read -r c; do ln -s "$T/cohort/cases/$c" "$T/${part%:*}/cases/$c"; done
done

# measure LABEL COHORT COMMAND...: a line of LABEL COHORT SECONDS PROCESSOR MB FIRST_MB.
measure() {
    name=$1 part=$2
    shift 2
    printf '%s %s %s\n' "$name" "$part" "$("$build/tests/bench_run" "$@")" >>"$T/measured"
}
# ours WORKERS COHORT LABEL OPTION...
ours() {
    workers=$1 cohort=$2 label=$3
    shift 3
    measure "$label:$workers:consilium" "$cohort" "$build/consilium" run "$T/$cohort" --model "$T/m.safetensors" --out "$T/out" \
        --key "$T/key/audit.pem" --jobs "$workers" "$@"
    cp "$T/out/results.csv" "$T/$label.csv"
}
# theirs WORKERS COHORT LABEL OPTION...
theirs() {
    workers=$1 cohort=$2 label=$3
    shift 3
    measure "$label:$workers:python" "$cohort" env LD_LIBRARY_PATH="$blas${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" OPENBLAS_NUM_THREADS=1 \
        OMP_NUM_THREADS=1 "$python" "$here/pipeline_peer.py" "$@" "$T/$cohort" "$T/m.safetensors" "$workers" "$T/peer.csv"
}
: >"$T/measured"
for round in $(seq "$rounds"); do
    for workers in 1 2; do
        for cohort in one cohort; do
            ours $workers $cohort scores --no-findings
            theirs $workers $cohort scores
        done
    done
    for sandbox in require off; do ours 1 cohort "$sandbox" --no-findings --sandbox $sandbox; done
done
awk -F, 'NR == FNR { for (i = 1; i <= NF; i++) at[FNR == 1 ? $i : ""] = i; if (FNR == 1) { p = at["malignancy.probability"]; l = at["malignancy.logit"] }
                     probability[$1] = $p; logit[$1] = $l; next }
    FNR > 1 { n++; a = $3 - probability[$1]; b = $4 - logit[$1]; if (a < 0) a = -a; if (b < 0) b = -b
              if (a > most_p) most_p = a; if (b > most_l) most_l = b; if ($2 != "scored" || !($1 in logit)) odd++ }
    END { printf "%d cases by both: greatest difference of a probability %.1e, of a logit %.1e; %d not scored by both\n", n, most_p, most_l, odd
          exit !(n && !odd && most_p <= 1e-4 && most_l <= 1e-4) }' "$T/scores.csv" "$T/peer.csv" || wrong=1
if [ -z "$SKIP_REASONS" ]; then
    for workers in 1 2; do
        for cohort in one tenth; do
            ours $workers $cohort reasons
            theirs $workers $cohort reasons --reasons
        done
    done
fi
awk -v cohort="$cases" -v tenth="$few" '
function median(key,    n, i, j, t, v) {
    n = split(substr(values[key], 2), v, " ")
    for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] + 0 < v[j-1] + 0; j--) { t = v[j]; v[j] = v[j-1]; v[j-1] = t }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
{
    for (i = 3; i <= 5; i++) values[$1 "," $2 "," i] = values[$1 "," $2 "," i] " " $i
    if (!(($1 "," $2) in seen)) { seen[$1 "," $2] = 1; if ($2 != "one") { order[++count] = $1; of[$1] = $2 } }
}
END {
    printf "%-8s %-9s %-10s %9s %11s %10s %8s %8s\n", "", "workers", "", "cases/s", "start-up s", "steady/s", "CPU ms", "MB"
    for (k = 1; k <= count; k++) {
        name = order[k]; split(name, part, ":"); if (part[1] == "require" || part[1] == "off") continue
        n = of[name] == "tenth" ? tenth : cohort
        s = median(name "," of[name] ",3"); one = median(name ",one,3"); c = median(name "," of[name] ",4") - median(name ",one,4")
        rate[name] = n / s; steady[name] = (n - 1) / (s - one); mb[name] = median(name "," of[name] ",5"); cpu[name] = 1000 * c / (n - 1)
        printf "%-8s %-9s %-10s %9.1f %11.2f %10.1f %8.2f %8.1f\n", part[1], part[2], part[3], rate[name], one, steady[name], cpu[name], mb[name]
    }
    print ""
    for (k = 1; k <= count; k++) {
        name = order[k]; split(name, part, ":"); peer = part[1] ":" part[2] ":python"
        if (part[3] == "consilium" && peer in rate)
            printf "%s, %s worker%s: %.1f times the cases a second (%.1f without start-up; %.1f by processor time), 1/%.1f of the memory\n", part[1],
                part[2], (part[2] > 1 ? "s" : ""), rate[name] / rate[peer], steady[name] / steady[peer], cpu[peer] / cpu[name], mb[peer] / mb[name]
    }
    printf "2 workers give %.2f times 1 worker (%.2f without start-up)\n", rate["scores:2:consilium"] / rate["scores:1:consilium"],
        steady["scores:2:consilium"] / steady["scores:1:consilium"]
    a = median("require:1:consilium,cohort,4"); b = median("off:1:consilium,cohort,4")
    printf "the sandbox costs %.1f %% of the processor time of the whole run (%.2f s with, %.2f s without)\n", 100 * (a - b) / b, a, b
}' "$T/measured"
exit ${wrong:-0}
