import type { Config } from '@holdfast/contracts';
import { type DatabaseOptions, type OpenDatabase, openDatabase } from './database.ts';

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
  }: Pick<Config, 'database' | 'secrets' | 'worker'> & Partial<Pick<Config, 'auditDays'>>,
  { hintsThrough }: Pick<DatabaseOptions, 'hintsThrough'> = {},
): Promise<OpenDatabase> {
  const options = {
    hints: worker.wakeHints,
    ...(auditDays == null ? {} : { auditDays }),
    ...(hintsThrough === undefined ? {} : { hintsThrough }),
  };
  if (database.kind === 'pglite') return openDatabase(`pglite://${database.folder}`, options);
  if (secrets.database === null) throw new Error('a Postgres without its URL');
  return openDatabase(secrets.database.url, { ...options, directUrl: secrets.database.direct });
}
