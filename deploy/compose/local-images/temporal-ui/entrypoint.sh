#!/bin/sh
set -eu

server="${TEMPORAL_ADDRESS:-temporal:7233}"
exec socat "TCP-LISTEN:${TEMPORAL_UI_PORT:-8080},fork,reuseaddr" "TCP:${server%:*}:8080"
