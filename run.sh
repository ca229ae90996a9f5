#!/usr/bin/env bash
# Serves Latent Jam on http://127.0.0.1:7860, installing what is missing first.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/environment.sh

make_environment .venv requirements.txt
get_fluidsynth .venv
exec .venv/bin/python app.py
