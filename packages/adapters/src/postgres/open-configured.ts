import type { Config } from '@holdfast/contracts';
import { type DatabaseOptions, type OpenDatabase, openDatabase } from './database.ts';

/** The program that opens it, for `pg_stat_activity`. `instance`: what tells its processes apart. */
export interface Opener {
  readonly program: string;
  readonly instance?: string;
}

/**
 * The database that the configuration names. `hintsThrough`: another way for hints than its own.
 * @throws DatabaseNotUsable with one clear line.
 */
export function openConfigured(
  {
    database,
    secrets,
    worker,
    auditDays,
    installationId,
    connections,
  }: Pick<Config, 'database' | 'secrets' | 'worker' | 'connections'> &
    Partial<Pick<Config, 'auditDays' | 'installationId'>>,
  opener: Opener,
  { hintsThrough }: Pick<DatabaseOptions, 'hintsThrough'> = {},
): Promise<OpenDatabase> {
  const options = {
    hints: worker.wakeHints,
    ...(auditDays == null ? {} : { auditDays }),
    ...(installationId == null ? {} : { installationId }),
    ...(hintsThrough === undefined ? {} : { hintsThrough }),
  };
  if (database.kind === 'pglite') return openDatabase(`pglite://${database.folder}`, options);
  if (secrets.database === null) throw new Error('a Postgres without its URL');
  const { url, direct: directUrl } = secrets.database;
  return openDatabase(url, { ...options, ...connections, ...opener, directUrl });
}
