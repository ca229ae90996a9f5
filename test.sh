#!/usr/bin/env bash
# Runs the whole test suite, the browser tests included; with --parity, the parity suite against Magenta itself; with
# --deploy, the tests of several machines, on a Ray cluster of this one. Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/environment.sh

make_environment .venv requirements-dev.txt
if [ "${1:-}" = --parity ]; then
    shift
    tests/parity/make_oracle.sh
    # What differs shall be ours, not rounding: with AVX-512 oneDNN's products add 1e-5 to sixteen bars.
    export TF_ENABLE_ONEDNN_OPTS=0
    exec .venv/bin/python -m pytest tests/parity -v "$@"
fi
if [ "${1:-}" = --deploy ]; then
    shift
    make_environment_over .venv .venv-ray deploy/requirements-test.txt
    exec .venv-ray/bin/python -m pytest tests/test_engine.py tests/test_manifests.py tests/test_nginx.py tests/test_ray.py "$@"
fi
get_fluidsynth .venv
get_browser .venv
.venv/bin/ruff check .
# Two files at a time: browser tests wait more than they compute.
exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
