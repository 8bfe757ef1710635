# Sourced by quickstart and check: the Debian packages that are needed, installed only where they are missing.
# Works on Debian 12 and 13, as root or with sudo.

build_packages="build-essential cmake ninja-build pkg-config libdcmtk-dev libxml2-dev libssl-dev libhts-dev
                libjansson-dev libsqlite3-dev zlib1g-dev libdeflate-dev libdnnl-dev libopenjp2-7-dev libcharls-dev libjpeg-dev
                libsimdjson-dev libseccomp-dev libp11-kit-dev libcurl4-gnutls-dev libmicrohttpd-dev"
test_packages="libcriterion-dev libxml2-utils openssl jq softhsm2 opensc libengine-pkcs11-openssl python3 python3-jsonschema python3-prometheus-client python3-yaml curl"

install_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        echo "$0: these packages are missing and only root can install them:$missing" >&2
        exit 3
    fi
    echo "== Installing packages:$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # the list is meant to be split
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
