import { openDatabase } from '@holdfast/adapters/postgres';

/** One text of SQL with the login of that address; what its last statement returns, where it is one alone. */
export async function asked(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const database = await openDatabase(url, { hints: false });
  return database.connections.lend((sql) => sql.query(text)).finally(() => database.close());
}
