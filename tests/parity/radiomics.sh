#!/bin/sh
# radiomics.sh VALUES: what the program VALUES measures, beside radiomics.py. Exit 77: no SciPy here.
set -e
python=
for candidate in python3 /usr/bin/python3; do # Debian's python3-scipy belongs to the second
    if "$candidate" -c 'import numpy, scipy.ndimage' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "skipped: no SciPy"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" "$(dirname "$0")/radiomics.py" "$1" "$folder"
