#!/bin/sh
# A cohort of which some cases are hostile (hostile.py says how): each of those ends with its reason, all others exactly as they
# do without them, in memory that does not grow. HOSTILE_CASES=20000 does it with so many cases, of which one in a hundred is
# hostile; as a test it is 240 cases, 23 of them hostile.
. "$(dirname "$0")/lib.sh"
[ "${SANITIZED:-}" != ON ] || { say "skipped: its limits of time and memory are not those of a sanitizer"; exit 77; }
command -v python3 >/dev/null 2>&1 || { say "skipped: no python3"; exit 77; }
cases=${HOSTILE_CASES:-240} hostile=23
[ "$cases" -lt 2300 ] || hostile=$((cases / 100))

expect 0 "a cohort of $cases" "$CONSILIUM" synth --cases "$cases" --seed 11 --missing 0.6 --out "$T/cohort"
expect 0 "a cohort to learn from" "$CONSILIUM" synth --cases 60 --seed 12 --out "$T/learn"
expect 0 "a model" "$CONSILIUM" train "$T/learn" --out "$T/m.safetensors" --epochs 1

# run NAME: and notes the largest size of the conductor in NAME.peak, in kB.
run() {
    "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --out "$T/$1" --jobs 2 --timeout 60 >"$T/$1.txt" 2>&1 &
    conductor=$!
    while kill -0 $conductor 2>/dev/null; do
        grep VmHWM "/proc/$conductor/status" 2>/dev/null | tr -dc '0-9\n' >"$T/now"
        [ -s "$T/now" ] && mv "$T/now" "$T/$1.peak"
        sleep 0.2
    done
    wait $conductor
}
expect 0 "all are scored" run clean
expect 0 "$hostile become hostile" python3 "$(dirname "$0")/hostile.py" "$T/cohort" $hostile
expect 1 "the run ends all the same" run mixed
expect 0 "the log holds" "$CONSILIUM" audit verify "$T/mixed/audit" --key "$T/mixed/audit.vkey" --results "$T/mixed/results.ndjson"

cat >"$T/compare.py" <<'END'
import csv, re, sys
folder = sys.argv[1]
rows = lambda path: {r["case"]: r for r in csv.DictReader(open(path, newline=""))}
clean, mixed, hostile = (rows(folder + p) for p in ("/clean/results.csv", "/mixed/results.csv", "/cohort/hostile.csv"))
wrong = []
for case, row in clean.items():
    if case not in hostile and mixed[case] != row:
        wrong.append("%s is not as it was" % case)
for case, h in hostile.items():
    got = mixed[case]
    if h["end"] != "any" and got["status"] != h["end"] or not re.search(h["reason"], got["reason"]):
        wrong.append("%s, %s: %s, %s" % (case, h["kind"], got["status"], got["reason"]))
if list(clean) != list(mixed):
    wrong.append("the lists of cases differ")
print("%d cases, %d hostile, of which %d failed" % (len(clean), len(hostile), sum(mixed[c]["status"] == "failed" for c in hostile)))
print("\n".join(wrong))
sys.exit(bool(wrong))
END
expect 0 "the hostile ones have their reasons, the others their scores" python3 "$T/compare.py" "$T"
sed 's/^/    /' "$T/out"
say "    largest size of the conductor: $(cat "$T/clean.peak") kB without, $(cat "$T/mixed.peak") kB with them"
[ "$(cat "$T/mixed.peak")" -lt 65536 ] || fail "the conductor needs more than 64 MB"
tail -n 1 "$T/mixed.txt" | sed 's/^/    /'
finish
