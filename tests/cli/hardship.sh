#!/bin/sh
# What a night may bring: a disk that is full, a clock that is set back, processes that are killed. Each time the next start ends with
# the results of a run that had none of it, and a log that verifies.
. "$(dirname "$0")/lib.sh"

expect 0 "a cohort" "$CONSILIUM" synth --cases 60 --seed 5 --missing 0.5 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
printf 'cut' >"$T/cohort/cases/SYN-000007/odd.json" # known by nobody
printf '{"resourceType": "Bundle", "entry": [' >"$T/cohort/cases/SYN-000031/record.json"
run() { "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --jobs 2 "$@"; }
expect 1 "a good night" run --out "$T/whole"
cases() { "$CONSILIUM" audit show "$1/audit" | grep -Ec 'Case (scored|failed):'; }
whole() {
    expect 0 "$1: the results are the same" cmp "$T/whole/results.csv" "$2/results.csv"
    expect 0 "$1: the log holds" "$CONSILIUM" audit verify "$2/audit" --key "$2/audit.vkey" --results "$2/results.ndjson"
    same "$1: no case has two entries" "$(cases "$2")" "$(cases "$T/whole")"
}

# ---- a full disk, as a limit on the size of a file is ----

limited() (
    ulimit -f "$1" # blocks of 512 bytes in POSIX, of 1024 in some shells
    shift
    "$@"
)
expect 3 "no room for a file" limited 200 run --out "$T/full"
says "$T/err" "is said, with its name" "full/.*: .*(File too large|disk is full|disk I/O error)"
expect 1 "with room again" run --out "$T/full"
whole "full disk" "$T/full"

# ---- the clock ----

back() { LD_PRELOAD=$SET_CLOCK CLOCK_LOOKS=$1 CLOCK_BACK=86400 run --out "$2"; }
if ldd "$CONSILIUM" | grep -q asan; then
    say "skipped: with a sanitizer nothing is loaded before the C library"
else
    expect 1 "the clock is set back by a day meanwhile" back 40 "$T/clock"
    whole "clock" "$T/clock"
    expect 0 "its log" "$CONSILIUM" audit show "$T/clock/audit"
    says "$T/out" "tells of the jump" "moved -864[0-9]{2}\.[0-9]+ s"
    run --out "$T/between" --max-failures 1 >/dev/null 2>&1
    expect 1 "it is set back between two starts" back 0 "$T/between"
    whole "clock between" "$T/between"
fi

# ---- kills ----

below() { cat "/proc/$1/task/$1/children" 2>/dev/null; }
number() { od -An -N2 -tu2 /dev/urandom | tr -d ' '; }
kills=0 ends=0
while [ $kills -lt 24 ] && [ $ends -lt 12 ]; do
    "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --jobs 2 --out "$T/killed" >/dev/null 2>"$T/err" &
    conductor=$!
    while kill -0 $conductor 2>/dev/null; do
        sleep "$(awk -v n="$(number)" 'BEGIN { printf "%.3f", n / 65536 }')"
        victim=$conductor
        depth=$(($(number) % 6)) # half of the time the conductor, else who starts workers, a worker, a child
        while [ $depth -gt 2 ]; do
            for next in $(below $victim); do victim=$next; done
            depth=$((depth - 1))
        done
        kill -9 $victim 2>/dev/null && kills=$((kills + 1))
        [ $kills -lt 24 ] || break
    done
    wait $conductor
    code=$?
    [ $code -eq 1 ] && { whole "$kills kills" "$T/killed"; rm -rf "$T/killed"; ends=$((ends + 1)); }
done
expect 1 "left in peace" run --out "$T/killed"
whole "after $kills kills" "$T/killed"
finish
