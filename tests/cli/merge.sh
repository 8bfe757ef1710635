#!/bin/sh
# The shards of a run put together are the run: the same results, each vouched for by the log that has its entry.
. "$(dirname "$0")/lib.sh"

expect 0 "a cohort" "$CONSILIUM" synth --cases 10 --seed 5 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
expect 0 "another model" "$CONSILIUM" train "$T/cohort" --out "$T/other.safetensors" --epochs 1 --seed 7
cd "$T" || exit 1
printf '{"resourceType": "Bundle", "entry": [' >cohort/cases/SYN-000005/record.json
run() { "$CONSILIUM" run cohort --model m.safetensors --jobs 1 "$@"; }
merge() { "$CONSILIUM" merge "$@"; }
without_audit() { sed 's/,"audit":{[^{}]*}}$/}/' "$1"; }

expect 1 "one run over all" run --out whole
expect 0 "shard 1, by its numbers" run --shard 1/3 --out s1
expect 1 "shard 2, as a task of a Slurm array" \
    env SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=3 SLURM_ARRAY_TASK_COUNT=3 \
    "$CONSILIUM" run cohort --model m.safetensors --shard auto --out s2
expect 0 "shard 3, as a pod of an indexed job" \
    env JOB_COMPLETION_INDEX=2 CONSILIUM_SHARDS=3 "$CONSILIUM" run cohort --model m.safetensors --shard auto --out s3
find s1 s2 s3 -type f ! -name run.lock -exec sha256sum {} + | sort >before

# ---- the merged folder ----
expect 1 "merge, in any order" merge s3 s1 s2 --out all --json
says "$T/out" "which counts" '^\{"shards":3,"total":10,"scored":9,"failed":1,"withheld":0\}$'
same "nothing is left behind" "$(ls -d all.merging 2>/dev/null)" ""
same "the shards are as they were" "$(find s1 s2 s3 -type f ! -name run.lock -exec sha256sum {} + | sort)" "$(cat before)"
expect 0 "results.csv is that of one run, byte for byte" cmp whole/results.csv all/results.csv
without_audit whole/results.ndjson >whole.lines
without_audit all/results.ndjson >all.lines
expect 0 "so is results.ndjson but for its members audit" cmp whole.lines all.lines
expect 0 "and failed/" diff -r whole/failed all/failed
same "each line names the log of its shard" "$(grep -c ',"log":[012]}}$' all/results.ndjson)" 10
expect 0 "the log, those it binds, and the results hold" \
    "$CONSILIUM" audit verify all/audit --key all/audit.vkey --results all/results.ndjson --json
says "$T/out" "ten lines of three logs" '"logs": \[\{.*s1/audit.*s2/audit.*s3/audit.*"results": 10'
expect 0 "status" "$CONSILIUM" status all
says "$T/out" "knows the merged run" '^all: finished, 10 of 10 cases$'
expect 0 "report" "$CONSILIUM" report all
says all/report/index.html "says in which log" 'of the log that entry [012] binds'
expect 1 "a run over all goes on from it" run --out all
same "with nothing to do" "$(cat whole/results.csv)" "$(cat all/results.csv)"
expect 0 "and it still holds" "$CONSILIUM" audit verify all/audit --key all/audit.vkey --results all/results.ndjson

cp -r all forged
sed -i 's/"status":"scored"/"status":"failed"/' forged/results.ndjson
expect 1 "a line that was altered" "$CONSILIUM" audit verify forged/audit --key forged/audit.vkey --results forged/results.ndjson
says "$T/err" "is named" 'line 1 is not what entry [0-9]+ vouches for'
cp all/results.ndjson forged/
sed -i '1s/"log":0/"log":1/' forged/results.ndjson
expect 1 "a line that names another shard's log" \
    "$CONSILIUM" audit verify forged/audit --key forged/audit.vkey --results forged/results.ndjson
says "$T/err" "is named, too" 'line 1'
sed -i '1s/"log":1/"log":3/' forged/results.ndjson
expect 1 "a line that names an entry that binds no log" \
    "$CONSILIUM" audit verify forged/audit --key forged/audit.vkey --results forged/results.ndjson
says "$T/err" "is named as well" 'entry 3 of the index binds no log'

# ---- what does not belong together ----
refused() { # WHAT PATTERN ARGUMENT...
    what=$1 pattern=$2
    shift 2
    expect 2 "$what" merge "$@" --out no
    says "$T/err" "says so" "$pattern"
    same "and writes nothing" "$(ls -d no no.merging 2>/dev/null)" ""
}
refused "a shard that is missing" 'shard 2 of 3 is missing: .* here are 2' s1 s3
refused "a shard twice" 's1: is shard 1 of 3, as .*s1 is' s1 s2 s3 ./s1
refused "a run without shards" 'whole: is no shard' s1 s2 whole
expect 0 "a shard of another model" "$CONSILIUM" run cohort --model other.safetensors --shard 3/3 --out o3
refused "is refused" 'o3: is of another run than s1: its model is "[0-9a-f]{64}", there it is "[0-9a-f]{64}"' s1 s2 o3
expect 0 "a shard with another coverage" run --shard 3/3 --coverage 0.8 --out c3
refused "is refused" 'c3: is of another run than s1: its coverage is 0\.8.*, there it is 0\.9' s1 s2 c3
expect 0 "a shard of four" run --shard 3/4 --out f3
refused "is refused" 'f3: is of another run than s1: its shards is 4, there it is 3' s1 s2 f3
"$CONSILIUM" synth --cases 9 --seed 5 --out shorter >/dev/null 2>&1
expect 0 "a shard of a shorter list" "$CONSILIUM" run shorter --model m.safetensors --shard 3/3 --out l3
refused "is refused" 'l3: had another list of cases than s1: here 9 [0-9a-f]{64}, there 10' s1 s2 l3
"$CONSILIUM" synth --cases 10 --seed 5 --out again >/dev/null 2>&1
cp cohort/cases/SYN-000005/record.json again/cases/SYN-000002/record.json
expect 3 "a shard that was stopped" "$CONSILIUM" run again --model m.safetensors --shard 2/3 --out u2 --max-failures 1 --jobs 1
refused "is refused" 'u2: is not finished: [0-3] of 3 cases have a result; run it again' s1 u2 s3
cp -r s2 t2
printf 'x' | dd of=t2/audit/tile/entries/000.p/"$(ls t2/audit/tile/entries/000.p | tail -n 1)" bs=1 seek=900 conv=notrunc 2>/dev/null
expect 3 "a shard whose log was altered" merge s1 t2 s3 --out no
says "$T/err" "is named" 't2/audit'
same "nothing is written" "$(ls -d no no.merging 2>/dev/null)" ""
expect 3 "what is no run" merge s1 s2 cohort --out no
expect 2 "a folder that is there" merge s1 s2 s3 --out all
says "$T/err" "is left alone" 'all: is there already'
mkdir no.merging && touch no.merging/thesis
expect 2 "a folder in the way" merge s1 s2 s3 --out no
says "$T/err" "is left alone" 'no.merging: is in the way'
same "with what is in it" "$(ls no.merging)" thesis
rm -r no.merging
expect 2 "no folders" merge --out no
expect 2 "no --out" merge s1 s2 s3

# ---- killed at any instant ----
whole=0 nothing=0
for wait in 0.01 0.03 0.06 0.1 0.15 0.2 0.25 0.3 0.4 0.6 1; do
    rm -rf k
    "$CONSILIUM" merge s1 s2 s3 --out k >/dev/null 2>&1 &
    sleep $wait
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    if [ -e k ]; then
        whole=$((whole + 1))
        cmp -s k/results.csv whole/results.csv || fail "killed after $wait s: the folder is not whole"
    else
        nothing=$((nothing + 1))
    fi
done
say "killed: $whole were whole, $nothing were not there"
rm -rf k
expect 1 "merged after that" merge s1 s2 s3 --out k/
expect 0 "it is the run" cmp whole/results.csv k/results.csv
expect 0 "and verifies" "$CONSILIUM" audit verify k/audit --key k/audit.vkey --results k/results.ndjson
same "without what was left" "$(ls -d k.merging 2>/dev/null)" ""

# ---- auto ----
auto() { # PATTERN VARIABLE...
    pattern=$1
    shift
    expect 2 "--shard auto with '$*'" env "$@" "$CONSILIUM" run cohort --model m.safetensors --out no --shard auto
    says "$T/err" "says what is wrong" "$pattern"
}
auto 'neither SLURM_ARRAY_TASK_ID' A=b
auto 'CONSILIUM_SHARDS: is not set' JOB_COMPLETION_INDEX=0
auto 'this is task 4 of 3' JOB_COMPLETION_INDEX=3 CONSILIUM_SHARDS=3
auto "JOB_COMPLETION_INDEX: is '-1', which is no whole number" JOB_COMPLETION_INDEX=-1 CONSILIUM_SHARDS=3
auto 'the array is not --array=1-N \(it has 1 tasks from 2 to 2\)' SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=2 \
    SLURM_ARRAY_TASK_MAX=2 SLURM_ARRAY_TASK_COUNT=1
auto 'both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX' SLURM_ARRAY_TASK_ID=1 JOB_COMPLETION_INDEX=0
finish
