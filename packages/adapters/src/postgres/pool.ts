import { DatabaseUnavailable } from '@holdfast/core';
import pg from 'pg';
import type { Connections, Sql } from './sql.ts';
import { asUnavailable, codeOf } from './unavailable.ts';

/** A piece of work that holds a connection for longer is cut off, ms. */
const DEFAULT_LIMIT_MS = 30_000;
const CONNECT_LIMIT_MS = 5_000;

/** bigint columns hold milliseconds, sizes and counts: all below 2^53. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
};

export interface Pool extends Connections {
  close(): Promise<void>;
}

/** Connections to a Postgres server, at most `size` at once. */
export function openPool(url: string, size: number): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    application_name: 'holdfast',
    keepAlive: true,
    types,
  });
  // An idle connection that the server ended leaves the pool by itself; the next one tells.
  pool.on('error', () => undefined);
  return {
    async lend(work, limitMs = DEFAULT_LIMIT_MS) {
      const client = await pool.connect().catch((error: unknown) => {
        throw asUnavailable(error);
      });
      return lendClient(client, work, limitMs);
    },
    close: () => pool.end(),
  };
}

async function lendClient<T>(client: pg.PoolClient, work: (sql: Sql) => Promise<T>, limitMs: number): Promise<T> {
  let broken = false;
  let late = false;
  const onError = (): void => {
    broken = true;
  };
  client.on('error', onError);
  const timer = setTimeout(() => {
    late = true;
    // With a query under way this destroys the socket. A cancel would leave open whether the query was carried out.
    void (client as unknown as pg.Client).end().catch(() => undefined);
  }, limitMs);
  try {
    return await work(sqlOf(client));
  } catch (error) {
    if (late) throw new DatabaseUnavailable(`The database did not answer within ${limitMs} ms.`, { cause: error });
    const known = asUnavailable(error);
    // An error with a code came from the server, whose connection goes on; `transaction` has rolled back.
    broken ||= known instanceof DatabaseUnavailable || codeOf(error) === undefined;
    throw known;
  } finally {
    clearTimeout(timer);
    client.removeListener('error', onError);
    client.release(broken || late);
  }
}

/** The client as our interface; numbers and texts go as they are, arrays as their literals. */
export function sqlOf(client: Pick<pg.ClientBase, 'query'>): Sql {
  return {
    async query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]> {
      // A text with several statements gives an array of results, of which nobody here reads any.
      const result = await (values === undefined ? client.query(text) : client.query(text, [...values]));
      return result.rows as Row[];
    },
    async script(statements) {
      const results: unknown = await client.query(statements.join('; '));
      return (results as readonly { rows: readonly unknown[] }[]).map(({ rows }) => rows);
    },
  };
}
