#!/usr/bin/env bash
# What the official entry point does, as far as it matters here: the user postgres, a cluster made at the first start with
# POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB (each by _FILE too), POSTGRES_INITDB_ARGS and POSTGRES_HOST_AUTH_METHOD,
# and the scripts of /docker-entrypoint-initdb.d.
set -euo pipefail

main() {
  if [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
  if [ "$1" != postgres ]; then exec "$@"; fi
  if [ -n "$(awk '$5 == "/var/lib/postgresql/data"' /proc/self/mountinfo)" ]; then
    echo "Error: from 18 on the volume belongs at /var/lib/postgresql, not at /var/lib/postgresql/data." >&2
    exit 1
  fi
  if [ "$(id -u)" = 0 ]; then
    install -d -o postgres -g postgres -m 700 "$PGDATA"
    install -d -o postgres -g postgres -m 3775 /var/run/postgresql
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
  fi
  if [ ! -s "$PGDATA/PG_VERSION" ]; then make_cluster "$@"; fi
  exec "$@"
}

make_cluster() {
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS
  local method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$method" != trust ]; then
    echo "Error: the database has no superuser password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE." >&2
    exit 1
  fi
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  # shellcheck disable=SC2086  # several words
  initdb --username "$POSTGRES_USER" --pwfile <(printf '%s\n' "$POSTGRES_PASSWORD") $POSTGRES_INITDB_ARGS
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
  # On the socket alone: whoever asks by TCP is not told "ready" before all is done.
  export PGPASSWORD="$POSTGRES_PASSWORD"
  shift
  pg_ctl -D "$PGDATA" -o "$(printf '%q ' "$@" -c listen_addresses= -p 5432)" -w start
  if [ "$POSTGRES_DB" != postgres ]; then
    run_sql postgres --set db="$POSTGRES_DB" <<<'create database :"db";'
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) echo "running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) echo "running $file"; run_sql "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) echo "running $file"; gunzip -c "$file" | run_sql "$POSTGRES_DB" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
}

run_sql() {
  local database="$1"
  shift
  psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER" --dbname "$database" "$@"
}

from_file() {
  local name="$1" file="${1}_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
    echo "Error: both $name and $file are set" >&2
    exit 1
  fi
  if [ -n "${!file:-}" ]; then export "$name=$(<"${!file}")"; else export "$name=${!name:-${2:-}}"; fi
  unset "$file"
}

main "$@"
