#!/usr/bin/env bash
# Runs the whole test suite, the browser tests included; with --parity, the parity suite against Magenta itself.
# Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/environment.sh

make_environment .venv requirements-dev.txt
if [ "${1:-}" = --parity ]; then
    shift
    tests/parity/make_oracle.sh
    exec .venv/bin/python -m pytest tests/parity -v "$@"
fi
get_fluidsynth .venv
get_browser .venv
.venv/bin/ruff check .
# Two files at a time: browser tests wait more than they compute.
exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
