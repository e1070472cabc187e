import { DatabaseUnavailable } from '@holdfast/core';
import pg from 'pg';
import { Pipeline, PreparedStatements } from './pipeline.ts';
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
  let direct: boolean | null = null;
  return {
    async lend(work, limitMs = DEFAULT_LIMIT_MS) {
      const client = await pool.connect().catch((error: unknown) => {
        throw asUnavailable(error);
      });
      return lendClient(
        client,
        async () => {
          direct ??= await isDirect(client, async (text) => (await client.query<{ pid: number }>(text)).rows);
          return work(sqlOf(client, direct));
        },
        limitMs,
      );
    },
    close: () => pool.end(),
  };
}

async function lendClient<T>(client: pg.PoolClient, work: () => Promise<T>, limitMs: number): Promise<T> {
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
    return await work();
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

/** What each client's server keeps. */
const kept = new WeakMap<pg.ClientBase, PreparedStatements>();

/**
 * The client as our interface; numbers and texts go as they are, arrays as their literals. `keeps`: the same server
 * process answers all along, so that it can keep statements.
 */
export function sqlOf(client: pg.ClientBase, keeps: boolean): Sql {
  const statements = kept.get(client) ?? new PreparedStatements(types, keeps);
  kept.set(client, statements);
  return {
    async query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]> {
      // A text with several statements gives an array of results, of which nobody here reads any.
      const result = await (values === undefined ? client.query(text) : client.query(text, [...values]));
      return result.rows as Row[];
    },
    pipeline: (wanted) =>
      new Promise((resolve, reject) => {
        client.query(
          new Pipeline(wanted, statements, (error, results) => (error === null ? resolve(results) : reject(error))),
        );
      }),
  };
}

/** False behind a pooler: another server process answers than the one whose id was given at the handshake. */
export async function isDirect(
  client: pg.ClientBase,
  query: (text: string) => Promise<readonly { readonly pid: number }[]>,
): Promise<boolean> {
  const [row] = await query('select pg_catalog.pg_backend_pid() as pid');
  return row !== undefined && 'processID' in client && client.processID === row.pid;
}
