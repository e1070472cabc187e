#!/bin/sh
# As in the official image: options, and words that Traefik knows as commands, are given to it.
set -eu

if [ "${1#-}" != "$1" ] || traefik "$1" --help >/dev/null 2>&1; then set -- traefik "$@"; fi
exec "$@"
