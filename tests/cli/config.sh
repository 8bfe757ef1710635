#!/bin/sh
# Settings of the file, the environment and the command line: which holds, what is refused, what the log says.
. "$(dirname "$0")/lib.sh"
unset CONSILIUM_CONFIG

show() { "$CONSILIUM" config show --json "$@"; }
expect 0 "without a file all is default" show
same "jobs" "$(jq -r '.jobs.origin' "$T/out")" default

printf '[run]\n# a comment\njobs = 3   # another\n\nabstain=yes\nidentity = warn\n' >"$T/a.conf"
expect 0 "a file" show --config "$T/a.conf"
same "its value and place" "$(jq -r '.jobs | .value + " " + .origin' "$T/out")" "3 $T/a.conf line 3"
same "a switch" "$(jq -r '.abstain.value' "$T/out")" yes
export CONSILIUM_RUN_JOBS=5 CONSILIUM_CONFIG="$T/a.conf"
expect 0 "the environment names the file, and goes before it" show
same "which one counts" "$(jq -r '.jobs | .value + " " + .origin' "$T/out")" "5 environment CONSILIUM_RUN_JOBS"
same "the rest is the file's" "$(jq -r '.identity.value' "$T/out")" warn
unset CONSILIUM_RUN_JOBS CONSILIUM_CONFIG
mkdir -p "$XDG_CONFIG_HOME/consilium"
cp "$T/a.conf" "$XDG_CONFIG_HOME/consilium/consilium.conf"
expect 0 "the user's own file is found" show
same "as such" "$(jq -r '.jobs.origin' "$T/out")" "$XDG_CONFIG_HOME/consilium/consilium.conf line 3"
expect 0 "what is shown" "$CONSILIUM" config show
cp "$T/out" "$T/shown.conf"
expect 0 "can be read again" show --config "$T/shown.conf"
same "and says the same" "$(jq -r '.jobs.value + .identity.value + .abstain.value' "$T/out")" 3warnyes
rm "$XDG_CONFIG_HOME/consilium/consilium.conf"

# refused TEXT PATTERN: `run` with such a file must not start and say why.
refused() {
    printf '%b' "$1" >"$T/bad.conf"
    expect 2 "refused: $1" "$CONSILIUM" run x --config "$T/bad.conf"
    says "$T/err" "says why" "bad.conf line [0-9]+: $2"
}
refused '[run]\njbos = 3\n' "\`run\` has no setting 'jbos'; the nearest is 'jobs'"
refused '[run]\njobs = 0\n' "jobs takes a whole number from 1 to 256, not '0'"
refused '[run]\njobs = 2.5\n' "jobs takes a whole number"
refused '[run]\ncoverage = 1e9\n' "coverage takes a number from 0.01 to 0.999, not '1e9'"
refused '[run]\nabstain = maybe\n' "abstain takes yes or no, not 'maybe'"
refused '[run]\nretry = yes\n' "'retry' is for the command line alone"
refused 'jobs = 1\n' "'jobs' stands above the first section"
refused '[rum]\n' "there is no section \[rum\]"
refused '[run]\njobs\n' "a line is .NAME = VALUE. or .\[run\]., not 'jobs'"
CONSILIUM_RUN_TIMEOUT=soon expect 2 "a wrong environment" "$CONSILIUM" run x
says "$T/err" "names the variable" "CONSILIUM_RUN_TIMEOUT: timeout takes a whole number from 1 to 86400, not 'soon'"
expect 2 "a wrong option" "$CONSILIUM" run x --jobs none
says "$T/err" "is named" "consilium run: --jobs: jobs takes a whole number from 1 to 256, not 'none'"
refused '[watch]\nquiet = 0\n' "quiet takes a whole number from 1 to 86400, not '0'"
refused '[watch]\njobs = 2\n' "\`watch\` has no setting 'jobs'"
refused '[watch]\ncheck = yes\n' "'check' is for the command line alone"
printf '[watch]\nquiet = 5\n[run]\njobs = 2\n' >"$T/two.conf"
expect 0 "a section for another verb" env CONSILIUM_WATCH_POLL=7 "$CONSILIUM" config show --json --config "$T/two.conf"
same "all of it is shown" "$(jq -r '.quiet.value + " " + .poll.origin + " " + .jobs.value' "$T/out")" "5 environment CONSILIUM_WATCH_POLL 2"
expect 2 "an option of another verb" "$CONSILIUM" run x --quiet 5
expect 3 "a file that is not there" "$CONSILIUM" run x --config "$T/none.conf"
says "$T/err" "is named" "none.conf: cannot open"

expect 0 "a cohort" "$CONSILIUM" synth --cases 6 --seed 3 --out "$T/cohort"
expect 0 "a model" "$CONSILIUM" train "$T/cohort" --out "$T/m.safetensors" --epochs 1
printf '[run]\nmodel = %s\nout = %s\njobs = 2\n' "$T/m.safetensors" "$T/o" >"$T/run.conf"
expect 0 "a run from a file" "$CONSILIUM" run "$T/cohort" --config "$T/run.conf"
expect 0 "its log" "$CONSILIUM" audit show "$T/o/audit" --json
says "$T/out" "has the file's hash" "$(sha256sum "$T/run.conf" | cut -d' ' -f1)"
finish
