#!/bin/sh
# deploy/slurm on a Slurm of its own: munged, slurmctld and slurmd on this host, below the temporary folder.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch squeue scontrol; do
    command -v $program >/dev/null || { say "skipped: Slurm is not installed (slurm-wlm, munge): no $program"; exit 77; }
done

# ---- a cluster of one node ----
host=$(hostname -s) user=$(id -un) port=$((20000 + $$ % 20000))
mkdir -m 0755 "$T/munge" "$T/spool" "$T/state"
dd if=/dev/urandom of="$T/munge/key" bs=128 count=1 2>/dev/null
chmod 0600 "$T/munge/key"
chmod 0755 "$T"
cat >"$T/slurm.conf" <<EOF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$T/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2
StateSaveLocation=$T/state
SlurmdSpoolDir=$T/spool
SlurmctldPidFile=$T/slurmctld.pid
SlurmdPidFile=$T/slurmd.pid
SlurmctldLogFile=$T/slurmctld.log
SlurmdLogFile=$T/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=900 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
EOF
export SLURM_CONF="$T/slurm.conf"
pids=
stop() {
    for pid in $pids; do kill "$pid" 2>/dev/null; done
    for pid in $pids; do wait "$pid" 2>/dev/null; done
    rm -rf "$T"
}
trap stop EXIT
munged --force --foreground --socket="$T/munge/socket" --key-file="$T/munge/key" --log-file="$T/munge/log" \
    --pid-file="$T/munge/pid" --seed-file="$T/munge/seed" >"$T/munged.out" 2>&1 &
pids="$!"
sleep 1
slurmctld -D >"$T/slurmctld.out" 2>&1 &
pids="$! $pids"
slurmd -D -N "$host" >"$T/slurmd.out" 2>&1 &
pids="$! $pids"
ready=
for second in $(seq 30); do
    case $(sinfo -h -o %T 2>/dev/null) in idle*) ready=$second && break ;; esac
    sleep 1
done
if [ -z "$ready" ]; then
    fail "Slurm does not start"
    tail -n 20 "$T"/*.out "$T/slurmctld.log" "$T/slurmd.log"
    finish
fi
say "ok: $(slurmd -V) is up after $ready s"

# wait_for JOB: until the queue has nothing of it.
wait_for() {
    for second in $(seq 240); do
        [ -n "$(squeue -h -j "$1" 2>/dev/null)" ] || return 0
        sleep 1
    done
    fail "job $1 does not end"
    squeue
}

# ---- an array and its merge ----
expect 0 "a cohort" "$CONSILIUM" synth --cases 10 --seed 5 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
expect 0 "a key" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/slurm
cd "$T" || exit 1
printf '{"resourceType": "Bundle", "entry": [' >cohort/cases/SYN-000005/record.json
expect 1 "one run over all" "$CONSILIUM" run cohort --model m.safetensors --out whole --key key/audit.pem --jobs 1
small="--cpus-per-task=1 --mem=300M --time=5"
submit() { # shellcheck disable=SC2086 # options are meant to be split
    "$SOURCE_DIR/deploy/slurm/submit" "$@" $small
}
expect 0 "submit" submit cohort m.safetensors study key/audit.pem 3
read -r array merge <"$T/out"
wait_for "$array"
wait_for "$merge"
for i in 1 2 3; do
    expect 0 "shard $i of 3" "$CONSILIUM" status study/shard-$i
    says "$T/out" "is finished" '^study/shard-'$i': finished, [34] of [34] cases$'
done
expect 0 "what one run would have written" cmp whole/results.csv study/all/results.csv
expect 0 "the merged log holds" \
    "$CONSILIUM" audit verify study/all/audit --key key/audit.vkey --results study/all/results.ndjson
[ $failures -eq 0 ] || tail -n 5 study/*.log slurmctld.log slurmd.log
expect 2 "submit, where it was merged already" submit cohort m.safetensors study key/audit.pem 3
expect 2 "submit of no shards" submit cohort m.safetensors study key/audit.pem 0

# ---- a task that fails holds the merge back; given again, only it is done ----
expect 0 "submit with a task that cannot run" submit cohort m.safetensors again key/audit.pem 3 --hold
read -r array merge <"$T/out"
mkdir again/shard-2 && printf 'no store' >again/shard-2/run.db
scontrol release "$array" "$merge" >/dev/null
wait_for "$array"
wait_for "$merge"
same "nothing is merged" "$(ls -d again/all 2>/dev/null)" ""
says again/shard-2.log "the task says why" 'again/shard-2/run.db'
rm again/shard-2/run.db
expect 0 "submit again" submit cohort m.safetensors again key/audit.pem 3
read -r array merge <"$T/out"
wait_for "$array"
wait_for "$merge"
expect 0 "is merged" cmp whole/results.csv again/all/results.csv
says again/shard-1.log "what was done was not done again" '4 of them before'
finish
