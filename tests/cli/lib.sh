# Sourced by each script: a temporary folder, a private home, and checks that say what they expected.
set -u
: "${CONSILIUM:?path of the program}" "${SOURCE_DIR:?}" "${BINARY_DIR:?}"
T=$(mktemp -d /tmp/consilium-cli-XXXXXX)
trap 'rm -rf "$T"' EXIT
export HOME="$T/home" XDG_CONFIG_HOME="$T/home/.config"
unset CONSILIUM_PLUGIN_PATH CONSILIUM_TRUST XDG_STATE_HOME
mkdir -p "$XDG_CONFIG_HOME"
REAL=${CONSILIUM_TEST_DATA:-$SOURCE_DIR/../shared/data}
failures=0
# What is tested here holds with and without a sandbox; what the sandbox does is tested in tests/unit.
if ! "$CONSILIUM" doctor >/dev/null 2>&1; then
    echo "this machine offers no whole sandbox (consilium doctor): run does with what there is"
    export CONSILIUM_RUN_SANDBOX=best-effort
fi

say() { printf '%s\n' "$*"; }
fail() { failures=$((failures + 1)); say "FAILED: $*"; }

# expect CODE WHAT COMMAND...: runs it, output in $T/out and $T/err; its exit code must be CODE.
expect() {
    want=$1 what=$2
    shift 2
    "$@" >"$T/out" 2>"$T/err"
    got=$?
    if [ $got -ne "$want" ]; then
        fail "$what: exit $got, expected $want"
        sed 's/^/    /' "$T/out" "$T/err" | tail -n 15
    else
        say "ok: $what"
    fi
}

# says FILE WHAT PATTERN: the file must hold the extended regular expression.
says() {
    if grep -Eq -- "$3" "$1"; then
        say "ok: $2"
    else
        fail "$2: no match for /$3/ in:"
        head -n 15 "$1" | sed 's/^/    /'
    fi
}

# same WHAT A B: the two texts must be equal.
same() {
    if [ "$2" = "$3" ]; then say "ok: $1"; else fail "$1: '$2' is not '$3'"; fi
}

# python_with MODULE...: a Python that has these modules; Debian's packages are in the system's own.
python_with() {
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $(printf '%s, ' "$@")sys" 2>/dev/null && { say "$python"; return; }
    done
    return 1
}

finish() {
    [ $failures -eq 0 ] || { say "$failures failed"; exit 1; }
    exit 0
}
