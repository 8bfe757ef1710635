#!/bin/sh
# consilium status: rate, time left, why cases failed, which took longest; of stores whose times are known, and of one that a
# run writes meanwhile.
. "$(dirname "$0")/lib.sh"
PYTHON=$(python_with sqlite3 json) || { say "skipped: no python3"; exit 77; }
command -v flock >/dev/null || { say "skipped: no flock"; exit 77; }

expect 0 "a cohort" "$CONSILIUM" synth --cases 6 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
expect 0 "a key" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/status
run() { "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --key "$T/key/audit.pem" "$@"; }
expect 0 "a run" run --out "$T/a"

# made START STEP COUNT BEFORE: the store says that the last start was START seconds ago, that COUNT of 1,000 results came
# since, STEP seconds apart but in groups of 10 at once, as they do, and BEFORE an hour earlier. Every 10th failed.
made() {
    "$PYTHON" - "$T/a/run.db" "$@" <<'END'
import datetime, json, sqlite3, sys, time
path, (start, step, count, before) = sys.argv[1], map(float, sys.argv[2:])
began = int(time.time() - start)
db = sqlite3.connect(path)
db.execute("DELETE FROM result")
db.execute("INSERT OR REPLACE INTO fact VALUES('cases', '1000'), ('resumed', ?)",
           (datetime.datetime.fromtimestamp(began, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),))
for i in range(int(before + count)):
    n = i - before
    finished = began - 3600 + i if n < 0 else began + step * 10 * (n // 10 + 1)
    failed = i % 10 == 0
    reason = f"file {i}: at {i}: it is {'torn' if i % 20 else 'wet'}" if failed else None
    db.execute("INSERT INTO result VALUES(?, ?, ?, ?, NULL, NULL, NULL, '', ?, ?, 0, '')",
               (f"C{i:04}", i, "failed" if failed else "scored", json.dumps({"reason": reason}), i / 1000, finished))
db.commit()
END
}
going_on() { flock "$T/a/run.lock" "$CONSILIUM" status "$T/a" --json; }
near() { same "$1" "$(jq "$2 | . > 0.97 * $3 and . < 1.03 * $3" "$T/out")" true; }

made 50 0.1 500 300
expect 0 "500 results, 10 a second, 300 before" going_on
near "the rate" .rate 10
near "200 are left" .seconds_left 20
same "running" "$(jq -r .state "$T/out")" running
same "counts" "$(jq -c '[.total, .scored, .failed, .withheld]' "$T/out")" '[1000,720,80,0]'
same "why" "$(jq -c .reasons "$T/out")" '[{"reason":"it is torn","cases":40},{"reason":"it is wet","cases":40}]'
same "the slowest" "$(jq -c '[.slowest[] | [.case, .seconds]] | .[:2], length' "$T/out" | tr '\n' ' ')" '[["C0799",0.799],["C0798",0.798]] 10 '
made 5 0.1 50 900
expect 0 "50 results, of which an hour passed before" going_on
near "count from the start" .rate 10
made 130 0.1 300 0
expect 0 "nothing came for 100 s" going_on
same "that is seen" "$(jq '.seconds_idle > 95 and .seconds_idle < 110' "$T/out")" true
expect 0 "and said" flock "$T/a/run.lock" "$CONSILIUM" status "$T/a"
says "$T/out" "in minutes" "a: running, 300 of 1000 cases, 10(\.[0-9])? a second, about 7[0-9] s left, no result for 1 min"
expect 0 "when it is over" "$CONSILIUM" status "$T/a"
says "$T/out" "there is no rate" "a: stopped, 300 of 1000 cases$"
made 0 0 0 0
expect 0 "no result yet" going_on
same "no rate, no end" "$(jq -c '[.rate == 0, .seconds_left, .seconds_idle]' "$T/out")" '[true,null,null]'

# While a run writes: asked again and again, by who may only read, it neither waits nor keeps the run waiting.
for i in 1 2 3 4; do for c in "$T"/cohort/cases/SYN-00000[1-6]; do cp -r "$c" "$c-$i"; done; done
run --out "$T/b" --jobs 1 >"$T/run.out" 2>&1 &
runs=$!
asked=0
while kill -0 $runs 2>/dev/null; do
    if [ -f "$T/b/results.csv" ] || ! [ -f "$T/b/run.db-wal" ]; then sleep 0.05; continue; fi
    if ! "$CONSILIUM" status "$T/b" --json >"$T/seen" 2>"$T/err"; then
        grep -q "run.db: is only being made" "$T/err" || fail "status while a run writes: $(cat "$T/err")"
        continue
    fi
    done_now=$(jq '.scored + .failed + .withheld' "$T/seen")
    [ "${done_now:-0}" -ge "${done_before:-0}" ] || fail "results became fewer"
    done_before=$done_now
    asked=$((asked + 1))
done
wait $runs
same "the run went on" $? 0
[ $asked -ge 3 ] || fail "status was asked $asked times while the run wrote"
same "all are done" "$(wc -l <"$T/b/results.ndjson")" 30
expect 3 "a folder without a run" "$CONSILIUM" status "$T"
finish
