#!/bin/sh
# deploy/kubernetes: the manifests are of the cluster's form and harden their pods; what their containers run does what docs/run.md
# says, in a shell that stands for each pod.
. "$(dirname "$0")/lib.sh"
PYTHON=$(python_with yaml jsonschema) || { say "skipped: no python3-yaml or python3-jsonschema"; exit 77; }
SCHEMA=$SOURCE_DIR/tests/cli/kubernetes.schema.json

check() { "$PYTHON" "$SOURCE_DIR/tests/cli/kubernetes.py" "$SCHEMA" "$@"; }
expect 0 "the manifests" check "$SOURCE_DIR/deploy/kubernetes"
# What the check is worth: each of these must be found out.
spoiled() {
    rm -rf "$T/spoiled"
    cp -r "$SOURCE_DIR/deploy/kubernetes" "$T/spoiled"
    sed -i "$2" "$T/spoiled/$1.yaml"
    cmp -s "$T/spoiled/$1.yaml" "$SOURCE_DIR/deploy/kubernetes/$1.yaml" && fail "nothing was spoiled: $2"
    expect 1 "found out: $2" check "$T/spoiled"
}
spoiled run 's/backoffLimit/backofLimit/'
spoiled run 's/parallelism: 8/parallelism: "8"/'
spoiled run 's/completions: 8/completions: 9/'
spoiled merge 's/value: "8"/value: "7"/'
spoiled run 's/runAsNonRoot: true/runAsNonRoot: false/'
spoiled merge '/readOnlyRootFilesystem/d'
spoiled run 's/drop: \[ALL\]/drop: [NET_RAW]/'
spoiled run 's/type: RuntimeDefault/type: Unconfined/'
spoiled merge 's/automountServiceAccountToken: false/automountServiceAccountToken: true/'
spoiled run 's/- {name: tmp, mountPath/- {name: temp, mountPath/'
spoiled run 's/^  parallelism: 8/&\n  parallelism: 8/'
if [ $failures -gt 0 ]; then finish; fi

# Two shards, in a study folder and with a key as the volumes would have them.
expect 0 "a cohort" "$CONSILIUM" synth --cases 9 --seed 3 --out "$T/study"
expect 0 "a model" "$CONSILIUM" train "$T/study" --out "$T/study/model.safetensors" --epochs 1
expect 0 "a key" "$CONSILIUM" audit keygen --out "$T/key" --origin test.example/cluster
mkdir "$T/bin" "$T/run" "$T/merge"
ln -s "$CONSILIUM" "$T/bin/consilium"
printf '{"resourceType":"Bundle",' >"$T/study/cases/SYN-000004/record.json" # a case that fails
rm -f "$T/study/cases/SYN-000004/record.xml"
for job in run merge; do expect 0 "the shell of $job" check "$SOURCE_DIR/deploy/kubernetes" $job "$T/$job"; done
# pod JOB INDEX: what its container would do, with the volumes in $T; a program, so that signals reach it.
cat >"$T/bin/pod" <<END
#!/bin/sh
while IFS='=' read -r name value; do export "\$name=\$value"; done <"$T/\$1/env"
export CONSILIUM_SHARDS=2 JOB_COMPLETION_INDEX="\$2" HOME="$T/home" PATH="$T/bin:$PATH"
exec /bin/sh -c "\$(sed "s#/study#$T/study#g; s#/key/#$T/key/#g" "$T/\$1/script")"
END
chmod +x "$T/bin/pod"
expect 0 "the first pod, with a case that failed" "$T/bin/pod" run 0
same "logs as JSON" "$(grep -cv '^{.*}$' "$T/err")" 0
: >"$T/err" # what the first pod said is no sign of the second
"$T/bin/pod" run 1 >"$T/out" 2>"$T/err" &
shell=$!
waited=0
until grep -q run-started "$T/err" || [ $waited -ge 300 ]; do
    sleep 0.1
    waited=$((waited + 1))
done
kill -TERM $shell # as a node that is drained does
wait $shell
code=$?
case $code in
0) say "ok: the second pod was done before it was told to stop" ;;
3)
    says "$T/err" "the second pod stops when it is told to" run-stopped
    expect 0 "and comes again" "$T/bin/pod" run 1
    ;;
*) fail "the second pod ended with $code" ;;
esac
expect 0 "the merge" "$T/bin/pod" merge ""
expect 1 "all in one" "$CONSILIUM" run "$T/study/cases" --model "$T/study/model.safetensors" --out "$T/whole" --key "$T/key/audit.pem"
cmp -s "$T/whole/results.csv" "$T/study/out/all/results.csv" || fail "the merged results are others"
expect 0 "its log holds" "$CONSILIUM" audit verify "$T/study/out/all/audit" --key "$T/key/audit.vkey"
finish
