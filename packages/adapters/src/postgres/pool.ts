import { DatabaseBusy, DatabaseUnavailable } from '@holdfast/core';
import pg from 'pg';
import { type Choice, Hosts } from './hosts.ts';
import { Pipeline, PreparedStatements } from './pipeline.ts';
import { closedSql } from './server-check.ts';
import type { Connections, Sql } from './sql.ts';
import type { Target } from './target.ts';
import { asUnavailable, codeOf, DatabaseReadOnly } from './unavailable.ts';

/** A piece of work that holds a connection for longer is cut off, ms. */
const DEFAULT_LIMIT_MS = 30_000;
/** The server's own limit comes first: its answer says that nothing was done. */
const AFTER_SERVER_MS = 5_000;
const CONNECT_LIMIT_MS = 5_000;
/** What `pg` says then; it has no code for it. */
const POOL_FULL = 'timeout exceeded when trying to connect';

/** bigint columns hold milliseconds, sizes and counts: all below 2^53. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
};

export interface PoolOptions {
  /** Connections at once, at most. */
  readonly size: number;
  readonly applicationName: string;
  /** ms, 0 = none; for sessions that do not go through a pooler, where they would be others', too. */
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
}

export interface Pool extends Connections {
  close(): Promise<void>;
}

/** Connections to one host of a Postgres target. */
export function openPool(target: Target, options: PoolOptions): Pool {
  const { size, statementTimeoutMs = 0 } = options;
  const hosts = new Hosts(target);
  const usual = statementTimeoutMs === 0 ? DEFAULT_LIMIT_MS : statementTimeoutMs + AFTER_SERVER_MS;
  const chosen = new WeakMap<pg.ClientBase, Choice>();
  const kept = new WeakMap<pg.ClientBase, boolean>();
  /** The pool counts those that are still connecting, too. */
  let inUse = 0;
  class HostClient extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      const { choice } = hosts;
      super({ ...config, ...choice.host });
      chosen.set(this, choice);
    }
  }
  const pool = new pg.Pool({
    Client: HostClient,
    max: size,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    application_name: options.applicationName,
    keepAlive: true,
    types,
    onConnect: async (client) => void kept.set(client, await beginSession(client, target, options)),
  });
  // An idle connection that the server ended leaves the pool by itself; the next one tells.
  pool.on('error', () => undefined);

  /** @throws what connecting to the last host threw. */
  const connect = async (): Promise<pg.PoolClient> => {
    for (let tries = 1; ;) {
      const { choice } = hosts;
      try {
        const client = await pool.connect();
        if (chosen.get(client)?.number === hosts.choice.number) return client;
        client.release(true);
      } catch (error) {
        if (inUse === size && error instanceof Error && error.message === POOL_FULL)
          throw new DatabaseBusy(
            `All ${size} connections (DATABASE_POOL_SIZE) were in use for ${CONNECT_LIMIT_MS} ms.`,
          );
        hosts.leave(choice);
        if (tries === hosts.count) throw asUnavailable(error);
        tries += 1;
      }
    }
  };
  return {
    async lend(work, limitMs = usual) {
      const client = await connect();
      inUse += 1;
      try {
        return await lendClient(client, () => work(sqlOf(client, kept.get(client) ?? false)), limitMs);
      } catch (error) {
        const choice = chosen.get(client);
        if (error instanceof DatabaseReadOnly && choice !== undefined) hosts.leave(choice);
        throw error;
      } finally {
        inUse -= 1;
      }
    },
    close: () => pool.end(),
  };
}

interface Beginning {
  readonly direct: boolean;
  readonly closed: boolean;
}

/** Sets the session's limits where it is one. Returns whether it is. */
async function beginSession(
  client: pg.ClientBase,
  { readWrite }: Target,
  { statementTimeoutMs = 0, lockTimeoutMs = 0 }: PoolOptions,
): Promise<boolean> {
  const { rows } = await client.query<Beginning>(
    `select pg_catalog.pg_backend_pid() = $1::integer as direct, ${closedSql} as closed,
       case when pg_catalog.pg_backend_pid() = $1::integer then
         pg_catalog.set_config('statement_timeout', $2, false)
         || pg_catalog.set_config('idle_in_transaction_session_timeout', $2, false)
         || pg_catalog.set_config('lock_timeout', $3, false)
       end`,
    [processOf(client), String(statementTimeoutMs), String(lockTimeoutMs)],
  );
  if (readWrite && rows[0]?.closed === true) throw new DatabaseReadOnly('The server takes no writes.');
  return rows[0]?.direct === true;
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
    broken ||=
      (known instanceof DatabaseUnavailable && !(known instanceof DatabaseBusy)) || codeOf(error) === undefined;
    throw known;
  } finally {
    clearTimeout(timer);
    client.removeListener('error', onError);
    client.release(broken || late);
  }
}

/** What each client's server keeps. */
const statementsOf = new WeakMap<pg.ClientBase, PreparedStatements>();

/**
 * The client as our interface; numbers and texts go as they are, arrays as their literals. `keeps`: the same server
 * process answers all along, so that it can keep statements.
 */
export function sqlOf(client: pg.ClientBase, keeps: boolean): Sql {
  const statements = statementsOf.get(client) ?? new PreparedStatements(types, keeps);
  statementsOf.set(client, statements);
  return {
    ownSession: keeps,
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

export const processOf = (client: pg.ClientBase): number =>
  'processID' in client && typeof client.processID === 'number' ? client.processID : 0;
