import type { OpenDatabase } from '@holdfast/adapters/postgres';
import { parseEnv } from '@holdfast/contracts';
import type { Context } from './context.ts';
import { Failure } from './failure.ts';

/** Works on the database itself, as the owner of the tables. `otherwise`: what else would do. @throws Failure when it belongs to a running process. */
export async function onDatabase<T>(
  { surroundings }: Context,
  work: (database: OpenDatabase) => Promise<T>,
  otherwise = '',
): Promise<T> {
  // The adapters are loaded only here, since every other command starts quicker without them.
  const { openDatabase } = await import('@holdfast/adapters/postgres');
  const config = parseEnv(surroundings.env);
  if (config.secrets.database === null)
    throw new Failure(
      'Without DATABASE_URL=postgres://… the data belongs to one process: npm start makes the tenant, the key and the tables itself.' +
        otherwise,
    );
  const database = await openDatabase(config.secrets.database.migrate, {
    poolSize: 2,
    hints: false,
    program: 'holdfast-cli',
  });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
