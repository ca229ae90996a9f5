#!/bin/sh
# A page on a Ray cluster: joins it, as a machine without CPUs so that no engine is put here, and serves.
# RAY_HEAD is the cluster's address, HOST:PORT.
set -eu
export RAY_AUTH_MODE="${RAY_AUTH_MODE:-token}"
ray start --address="${RAY_HEAD:?the address of the Ray cluster, HOST:PORT}" --num-cpus=0 --object-store-memory=100000000
exec python app.py
