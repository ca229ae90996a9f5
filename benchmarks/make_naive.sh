#!/usr/bin/env bash
# Makes .venv-naive, in which the naive app runs: Magenta's environment, left as it is, and what draws and sounds on top
# of it. Does nothing when it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

tests/parity/make_oracle.sh
venv=.venv-naive
if cmp -s benchmarks/requirements-naive.txt "$venv/made-from.txt"; then
    echo "$venv is up to date"
    exit
fi
site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
.venv-oracle/bin/python -m venv --clear "$venv"
site .venv-oracle >"$(site "$venv")/magenta.pth"
"$venv/bin/pip" install --quiet --no-deps --requirement benchmarks/requirements-naive.txt
# Magenta's environment has an empty module for this; matplotlib asks it two questions.
mkdir -p "$(site "$venv")/IPython"
printf 'display, version_info = None, (9, 0)\n\n\ndef get_ipython():\n    return None\n' \
    >"$(site "$venv")/IPython/__init__.py"

# Written last, so that an interrupted installation starts over.
cp benchmarks/requirements-naive.txt "$venv/made-from.txt"
