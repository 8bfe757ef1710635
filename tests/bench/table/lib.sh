# Sourced by each table's script. A script prints one table in Markdown on standard output and all else on standard error; it
# ends with 77 where what it needs is not there, having said so.
#
#   BUILD  a build folder (default: build at the tree's top)         DATA  public data (default: shared/data beside the tree)
#   SEEDS  of cohorts and trainings (default: 1 2 3)                 JOBS  threads (default: all processors)
#   TRAIN  more options of `train`, such as --epochs 2 to try a script (none)
#   CASES  of a synthetic cohort, two thirds to learn from (600)
#
# Cohorts, tokens and models stay in BUILD/tables for the next table; a model is trained again when the program changes.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$here/../.." && pwd)
BUILD=$(cd "${BUILD:-$top/build}" && pwd)
DATA=${DATA:-${CONSILIUM_TEST_DATA:-$top/../shared/data}}
SEEDS=${SEEDS:-1 2 3}
CASES=${CASES:-600}
JOBS=${JOBS:-$(nproc)}
consilium=$BUILD/consilium
work=$BUILD/tables
mkdir -p "$work/cache" "$work/json"

skip() {
    echo "left out: $*" >&2
    exit 77
}
[ -x "$consilium" ] || skip "there is no program in $BUILD"
command -v jq >/dev/null || skip "jq is not installed"
command -v python3 >/dev/null || skip "python3 is not installed"

# cohort SEED [OPTION...]: the folder of a synthetic cohort of CASES patients.
cohort() {
    seed=$1
    shift
    folder=$work/cohort-$CASES-$seed$(printf '%s' "$*" | tr -c 'a-zA-Z0-9.' '-')
    if [ ! -f "$folder/labels.csv" ]; then
        rm -rf "$folder"
        "$consilium" synth --cases "$CASES" --seed "$seed" --out "$folder" "$@" >&2
    fi
    echo "$folder"
}

# model COHORT SEED [OPTION...]: the file of a model trained on it.
model() {
    source=$1 seed=$2
    shift 2
    build=$(cat "$consilium" "$BUILD"/plugins/*.so | sha256sum | cut -c1-10)
    how=$(printf '%s' "$*" | sed 's|/[^ ]*/||g' | tr -c 'a-zA-Z0-9.' '-')
    file=$work/$(basename "$source")-$seed$how-$build.safetensors
    [ -f "$file" ] || "$consilium" train "$source" ${TRAIN:-} --out "$file" --seed "$seed" --jobs "$JOBS" --cache "$work/cache" \
        --checkpoint "$file.checkpoint" "$@" >&2
    echo "$file"
}

# evaluate MODEL COHORT [OPTION...]: the JSON of `eval`.
evaluate() {
    "$consilium" eval "$@" --json --jobs "$JOBS" --cache "$work/cache"
}
