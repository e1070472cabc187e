import type { Config } from '@holdfast/contracts';
import { type OpenDatabase, openDatabase } from './database.ts';

/** The database that the configuration names. @throws DatabaseNotUsable with one clear line. */
export function openConfigured({
  database,
  secrets,
  worker,
  auditDays,
}: Pick<Config, 'database' | 'secrets' | 'worker'> & Partial<Pick<Config, 'auditDays'>>): Promise<OpenDatabase> {
  const options = { hints: worker.wakeHints, ...(auditDays == null ? {} : { auditDays }) };
  if (database.kind === 'pglite') return openDatabase(`pglite://${database.folder}`, options);
  if (secrets.database === null) throw new Error('a Postgres without its URL');
  return openDatabase(secrets.database.url, { ...options, directUrl: secrets.database.direct });
}
