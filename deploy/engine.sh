#!/bin/sh
# The head of a Ray cluster, and the engine on it. Arguments go to deploy.engine, such as --replicas 1 4.
set -eu
export RAY_AUTH_MODE="${RAY_AUTH_MODE:-token}"
ray start --head --port=6379 --include-dashboard=false --object-store-memory=100000000
exec python -m deploy.engine --address 127.0.0.1:6379 "$@"
