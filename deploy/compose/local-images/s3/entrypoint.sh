#!/bin/sh
# As in the official image: the first word is a command of `weed`, and the data is in /data.
set -eu

command="$1"
shift
case "$command" in
  master) set -- -mdir=/data "$@" ;;
  volume) set -- -dir=/data "$@" ;;
  server)
    case " $* " in
      *" -volume.max"*) ;;
      *) set -- -volume.max=0 "$@" ;;
    esac
    set -- -dir=/data -master.volumeSizeLimitMB=1024 "$@"
    ;;
esac
exec /usr/bin/weed "$command" "$@"
