#!/bin/sh
# parity.sh DUMP: what the program DUMP writes, compared by parity.py. Exit 77: no PyTorch here.
set -e
python=
for candidate in python3 /usr/bin/python3; do # Debian's python3-torch belongs to the second
    if "$candidate" -c 'import torch' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "skipped: no PyTorch"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$folder"
"$python" "$(dirname "$0")/parity.py" --check "$folder"
