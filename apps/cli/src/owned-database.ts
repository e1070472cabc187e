import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseNotUsable, type OpenDatabase, openDatabase } from '@holdfast/adapters/postgres';
import type { Config } from '@holdfast/contracts';
import { Failure } from './failure.ts';

/** Where the data of this configuration is, without a password. */
export const placeOf = ({ database, secrets }: Config): string => {
  if (database.kind === 'pglite') return database.folder;
  const { host, pathname } = new URL(secrets.database?.migrate ?? '');
  return `${host}${pathname}`;
};

/** The database that the configuration names, as the owner of its tables. */
export async function onOwned<T>(config: Config, work: (database: OpenDatabase) => Promise<T>): Promise<T> {
  const { database: named, secrets } = config;
  const url = named.kind === 'pglite' ? `pglite://${named.folder}` : (secrets.database?.migrate ?? '');
  const database = await openDatabase(url, { poolSize: 2, hints: false, program: 'holdfast-cli' }).catch(
    (error: unknown) => {
      if (named.kind === 'pglite' && error instanceof DatabaseNotUsable && error.code === 'database_in_use')
        throw new Failure(
          `Holdfast runs on the data in ${named.folder}. Stop it (Ctrl-C, or SIGTERM), and do this again. (database_in_use)`,
        );
      throw error;
    },
  );
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** @throws Failure: opening an embedded database would make it. */
export function checkThere({ database }: Config): void {
  if (database.kind === 'pglite' && !existsSync(join(database.folder, 'PG_VERSION')))
    throw new Failure(
      `There is no database in ${database.folder}. Run this where npm start has run, or set DATA_DIR or DATABASE_URL.`,
    );
}
