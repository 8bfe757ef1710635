#!/bin/sh
# Metrics of a run: right in form, true in number, in a file that is always whole and by HTTP on this machine alone.
. "$(dirname "$0")/lib.sh"
PYTHON=$(python_with prometheus_client || python_with json) || { say "skipped: no python3"; exit 77; }

mkdir "$T/plugins" "$T/m"
cp "$BINARY_DIR/tests/plugins/crash.so" "$BINARY_DIR/tests/plugins/hang.so" "$T/plugins/"
expect 0 "a cohort" "$CONSILIUM" synth --cases 24 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
expect 0 "a key" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/metrics
for n in 02 05; do printf 'zoo crash\n' >"$T/cohort/cases/SYN-0000$n/odd"; done
printf '{"resourceType":"Bundle",' >"$T/cohort/cases/SYN-000003/record.json"
rm -f "$T/cohort/cases/SYN-000003/record.xml" "$T/cohort/cases/SYN-000007"/record.*
cp "$T/cohort/cases/SYN-000008"/record.* "$T/cohort/cases/SYN-000007"
run() { "$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --key "$T/key/audit.pem" --plugins "$T/plugins" "$@"; }
page() { "$PYTHON" "$SOURCE_DIR/tests/cli/metrics_text.py" "$@"; }
# is NAME VALUE: a sample of the page that was read last.
is() { same "$1" "$(grep -F -- "$1 " "$T/samples" | sed 's/.* //')" "$2"; }
count() { jq -r "select($1) | .case" "$2/results.ndjson" | wc -l; }
read_file() {
    expect 0 "the file is right in form" page "$T/m/consilium.prom"
    cp "$T/out" "$T/samples"
    if command -v promtool >/dev/null; then
        expect 0 "so says promtool" sh -c "promtool check metrics <'$T/m/consilium.prom'"
        same "without a remark" "$(cat "$T/out" "$T/err")" ""
    fi
}

expect 1 "a run" run --out "$T/a" --jobs 2 --metrics-file "$T/m/consilium.prom"
read_file
for outcome in scored failed withheld; do
    is "consilium_cases_total{outcome=\"$outcome\"}" "$(count ".status==\"$outcome\"" "$T/a")"
done
is 'consilium_case_failures_total{reason="crash"}' 2
is 'consilium_case_failures_total{reason="format"}' 1
is 'consilium_cases_withheld_total{reason="identity"}' "$(count '.status=="withheld"' "$T/a")"
is 'consilium_worker_crashes_total{plugin="org.example.crash"}' 2
is consilium_case_seconds_count 24
is 'consilium_case_seconds_bucket{le="+Inf"}' 24
is consilium_run_cases 24
is consilium_run_cases_done 24
is 'consilium_queue_cases{state="waiting"}' 0
is 'consilium_run_state{state="finished"}' 1
is "consilium_build_info{version=\"$("$CONSILIUM" --version | cut -d' ' -f2)\"}" 1
# Each result has an entry, and one before it if DICOM instances were read.
"$CONSILIUM" audit show "$T/a/audit" --json >"$T/entries"
is consilium_audit_entries_total "$(jq -c 'select(any(.objects[]; .role=="case"))' "$T/entries" | wc -l)"
finished=$(date -d "$(sqlite3 "$T/a/run.db" "SELECT value FROM fact WHERE name='finished'" 2>/dev/null ||
    jq -r .time "$T/entries" | tail -n 1)" +%s)
success=$(sed -n 's/^consilium_last_success_timestamp_seconds //p' "$T/m/consilium.prom")
same "the end is the run's, within two seconds" "$(echo "$success $finished" | awk '{d = $1 - $2; print (d > -2 && d < 2)}')" 1
seconds=$(sed -n 's/^consilium_case_seconds_sum //p' "$T/m/consilium.prom")
same "the seconds of the slowest case are among them" \
    "$("$CONSILIUM" status "$T/a" --json | jq --argjson s "$seconds" '.slowest[0].seconds <= $s and ([.slowest[].seconds] | add) <= $s + 1e-6')" true

expect 1 "a second start that has nothing to do" run --out "$T/a" --metrics-file "$T/m/consilium.prom"
read_file
is 'consilium_cases_total{outcome="scored"}' 0
is consilium_run_cases_done 24
expect 3 "a run that cannot go on" run --out "$T/a" --model "$T/cohort/labels.csv" --metrics-file "$T/m/consilium.prom"
read_file
is 'consilium_run_state{state="failed"}' 1
success=$(sed -n 's/^consilium_last_success_timestamp_seconds //p' "$T/m/consilium.prom")
same "when one last succeeded is still known" "$(echo "$success" | awk '{print ($1 > 1e9)}')" 1
expect 3 "one that is stopped" run --out "$T/b" --max-failures 1 --jobs 1 --metrics-file "$T/m/consilium.prom"
read_file
is 'consilium_run_state{state="stopped"}' 1
expect 1 "a folder that is not there costs the run nothing" run --out "$T/c" --metrics-file "$T/none/consilium.prom"
same "and is said once" "$(grep -c 'metrics cannot be written: .*none/consilium.prom' "$T/err")" 1

# By HTTP. A case that hangs keeps the run going until it is killed.
command -v curl >/dev/null || { say "no curl: HTTP is not tested"; finish; }
printf 'zoo hang\n' >"$T/cohort/cases/SYN-000024/odd"
# The conductor itself, not a shell that waits for it.
"$CONSILIUM" run "$T/cohort" --model "$T/m.safetensors" --key "$T/key/audit.pem" --plugins "$T/plugins" --out "$T/d" --jobs 2 \
    --timeout 60 --metrics-listen 0 --metrics-file "$T/m/live.prom" >"$T/run.out" 2>"$T/run.err" &
conductor=$!
waited=0
until grep -q '^consilium_cases_total{outcome="scored"} 19$' "$T/m/live.prom" 2>/dev/null || [ $waited -ge 600 ]; do
    sleep 0.1
    waited=$((waited + 1))
done
url=$(sed -n 's/.*metrics are at //p' "$T/run.err")
get() { curl -s --max-time 5 "$@"; }
says "$T/run.err" "it says where" 'metrics are at http://127\.0\.0\.1:[0-9]+/metrics$'
same "a page" "$(get -o "$T/page" -w '%{http_code} %{content_type}' "$url")" "200 text/plain; version=0.0.4; charset=utf-8"
expect 0 "right in form" page "$T/page"
cp "$T/out" "$T/samples"
is 'consilium_run_state{state="running"}' 1
is 'consilium_queue_cases{state="running"}' 1
is 'consilium_cases_total{outcome="scored"}' 19
same "no other page" "$(get -o /dev/null -w '%{http_code}' "${url%metrics}")" 404
same "nothing can be put there" "$(get -o /dev/null -w '%{http_code}' -d x=y "$url")" 405
same "nor much" "$(head -c 5000 /dev/zero | get -o /dev/null -w '%{http_code}' --data-binary @- "$url")" 413
port=${url%/metrics}
port=${port##*:}
expect 0 "not HTTP" "$PYTHON" -c "
import socket
held = [socket.create_connection(('127.0.0.1', $port)) for _ in range(40)] # that say nothing
for said in (b'\x00' * 4096, b'GET /' + b'x' * 100000, b'GET /metrics HTTP/1.1\r\n' * 3000, b'\r\n\r\n'):
    s = socket.create_connection(('127.0.0.1', $port))
    try:
        s.sendall(said)
        s.settimeout(0.2)
        s.recv(100)
    except OSError:
        pass
    s.close()
"
same "does it no harm" "$(get -o /dev/null -w '%{http_code}' "$url")" 200
outside=$(hostname -I 2>/dev/null | cut -d' ' -f1)
[ -z "$outside" ] || same "other machines reach nothing" "$(get -o /dev/null -w '%{http_code}' "http://$outside:$port/metrics")" 000
expect 3 "a port that is taken" run --out "$T/e" --metrics-listen "$port"
says "$T/err" "is named" "127\.0\.0\.1: cannot listen on port $port"
kill -9 "$conductor"
wait "$conductor" 2>/dev/null
sleep 0.3
same "what serves the page ends with the conductor" "$(get -o /dev/null -w '%{http_code}' "$url")" 000
for address in 0.0.0.0:9477 '[::]:9477' 192.0.2.1:9477; do
    expect 2 "what others reach: $address" run --out "$T/e" --metrics-listen "$address"
    says "$T/err" "is refused, with what to do" "takes 127\.0\.0\.1 or ::1, not .* reverse proxy"
done
expect 2 "what is none" run --out "$T/e" --metrics-listen lots
says "$T/err" "is refused" "metrics-listen takes a port.* not 'lots'"
if command -v promtool >/dev/null; then
    expect 0 "the alerts are right in form" promtool check rules "$SOURCE_DIR/deploy/prometheus/consilium.rules.yml"
fi
# What the alerts and the documentation name is there, and the other way round.
for file in deploy/prometheus/consilium.rules.yml docs/operations.md; do
    for name in $(grep -oE 'consilium_[a-z_]+[a-z]' "$SOURCE_DIR/$file" | sort -u); do
        grep -q "^# TYPE ${name%_bucket} " "$T/m/consilium.prom" || fail "$file names $name, which is not there"
    done
done
for name in $(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$T/m/consilium.prom"); do
    grep -qF "\`$name" "$SOURCE_DIR/docs/operations.md" || fail "docs/operations.md lacks $name"
done
finish
