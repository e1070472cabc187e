#!/bin/sh
# As in the official image: options alone mean the server, which runs as `valkey` in /data, protected mode off.
set -eu

case "${1:-}" in
  -* | *.conf) set -- valkey-server "$@" ;;
esac
if [ "$1" = valkey-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find /data \! -user valkey -exec chown valkey '{}' +
    exec setpriv --reuid=valkey --regid=valkey --clear-groups -- "$0" "$@"
  fi
  case " $* " in
    *protected-mode*) ;;
    *) set -- "$@" --protected-mode no ;;
  esac
  umask 0077
fi
exec "$@"
