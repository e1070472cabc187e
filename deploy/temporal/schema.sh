#!/bin/sh
# Gives Temporal's two databases their tables, or brings them up to date. Run it again at each start of the stack: that is
# also how a new release of Temporal gets its tables (one minor version at a time).
#   sh schema.sh        in the image temporalio/admin-tools
# SQL_HOST, SQL_PORT (5432), SQL_USER (temporal), SQL_PASSWORD or SQL_PASSWORD_FILE; DBNAME (temporal), VISIBILITY_DBNAME
# (temporal_visibility). SQL_TLS, SQL_TLS_CA_FILE and the like are read by temporal-sql-tool itself.
# The databases exist already, owned by that user, and the second has the extension btree_gin: deploy/compose makes them so.
set -eu

SQL_PLUGIN="${SQL_PLUGIN:-postgres12}"
SQL_HOST="${SQL_HOST:?name the host of Postgres}"
SQL_PORT="${SQL_PORT:-5432}"
SQL_USER="${SQL_USER:-temporal}"
if [ -n "${SQL_PASSWORD_FILE:-}" ]; then SQL_PASSWORD="$(cat "$SQL_PASSWORD_FILE")"; fi
SQL_PASSWORD="${SQL_PASSWORD:?give the password, or SQL_PASSWORD_FILE}"
export SQL_PLUGIN SQL_HOST SQL_PORT SQL_USER SQL_PASSWORD
schema="${TEMPORAL_SCHEMA:-/etc/temporal/schema/postgresql/v12}"

bring_up_to_date() {
  echo "database $1"
  # Begins a database that has no version; leaves one that has.
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema -d "$2"
}

bring_up_to_date "${DBNAME:-temporal}" "$schema/temporal/versioned"
bring_up_to_date "${VISIBILITY_DBNAME:-temporal_visibility}" "$schema/visibility/versioned"
echo "Temporal's databases are up to date."
