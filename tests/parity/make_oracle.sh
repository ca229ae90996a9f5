#!/usr/bin/env bash
# Makes .venv-oracle, in which the real Magenta runs. Does nothing when it is there already. Needs Python 3.11 and 2 GB of disk;
# set PYTHON to the interpreter if it is not called python3.11.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=.venv-oracle
if cmp -s requirements-oracle.txt "$venv/made-from.txt"; then
    echo "$venv is up to date"
    exit
fi
"${PYTHON:-python3.11}" -m venv --clear "$venv"
"$venv/bin/pip" install --quiet --no-deps --requirement requirements-oracle.txt

# Magenta imports these but never calls them when MusicVAE plays; empty modules save a gigabyte.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p "$site/bokeh" "$site/IPython"
for module in librosa pydub pandas tensorflow_datasets bokeh/__init__ bokeh/plotting; do
    : > "$site/$module.py"
done
echo 'display = None' > "$site/IPython/__init__.py"

# Written last, so that an interrupted installation starts over.
cp requirements-oracle.txt "$venv/made-from.txt"
