#!/bin/sh
# The development server on the ports of the real one, with its user interface on 8080 for the image temporal-ui.
# Settings of the real server (DB, POSTGRES_SEEDS, NUM_HISTORY_SHARDS, TEMPORAL_AUTH_…, TLS) mean nothing to it.
set -eu

metrics="${PROMETHEUS_ENDPOINT:-0.0.0.0:8000}"
exec temporal server start-dev --ip "${BIND_ON_IP:-0.0.0.0}" --port 7233 --http-port 7243 --metrics-port "${metrics##*:}" \
  --ui-ip 0.0.0.0 --ui-port 8080 --ui-public-path /temporal --db-filename /var/lib/temporal/temporal.db --log-level "${LOG_LEVEL:-warn}" "$@"
