import { DatabaseNotUsable } from './errors.ts';
import type { Sql } from './sql.ts';
import { DatabaseReadOnly } from './unavailable.ts';

interface Settings {
  readonly version: number;
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly read_only: string;
  readonly in_recovery: boolean;
}

/**
 * What the guarantees ask of a server. Returns what is not held, one line each.
 * Throws `DatabaseNotUsable`: `database_too_old`, `database_read_only`.
 */
export async function checkServer(sql: Sql): Promise<readonly string[]> {
  const [settings] = await sql.query<Settings>(`
    select pg_catalog.current_setting('server_version_num')::int as version,
      pg_catalog.current_setting('fsync') as fsync,
      pg_catalog.current_setting('synchronous_commit') as synchronous_commit,
      pg_catalog.current_setting('default_transaction_read_only') as read_only,
      pg_catalog.pg_is_in_recovery() as in_recovery`);
  if (settings === undefined) throw new Error('The server did not tell its settings.');
  if (settings.version < 150_000) {
    throw new DatabaseNotUsable('database_too_old', `Postgres 15 or newer is needed; this is ${settings.version}.`);
  }
  if (settings.in_recovery) {
    throw new DatabaseNotUsable('database_read_only', 'The database is a standby and takes no writes.');
  }
  if (settings.read_only === 'on') {
    throw new DatabaseNotUsable('database_read_only', 'The database is read-only (default_transaction_read_only).');
  }
  const warnings: string[] = [];
  if (settings.fsync === 'off') warnings.push('fsync is off: when the machine fails, committed events may be lost.');
  if (settings.synchronous_commit === 'off') {
    warnings.push('synchronous_commit is off: when the server fails, committed events may be lost.');
  }
  return warnings;
}

/** Whether the server takes no writes. */
export const closedSql =
  "(pg_catalog.pg_is_in_recovery() or pg_catalog.current_setting('transaction_read_only') = 'on')";

/** What may change while the server runs. Throws `DatabaseReadOnly` when it takes no writes. */
export async function checkWritable(sql: Pick<Sql, 'query'>): Promise<void> {
  const [row] = await sql.query<{ in_recovery: boolean; closed: boolean }>(
    `select pg_catalog.pg_is_in_recovery() as in_recovery, ${closedSql} as closed`,
  );
  if (row?.in_recovery === true) throw new DatabaseReadOnly('The database is a standby and takes no writes.');
  if (row?.closed === true) throw new DatabaseReadOnly('The database is read-only.');
}
