import { DatabaseUnavailable, type TenantScope } from '@holdfast/core';
import { isUuid } from './ids.ts';
import { type Connections, type Literal, prepared, type Sql, type Statement } from './sql.ts';
import { insistently } from './unavailable.ts';

export type DatabaseRole = 'holdfast_api' | 'holdfast_worker' | 'holdfast_owner';

/** Runs work within a tenant: a transaction that sees that tenant's rows and no others. */
export interface Scoped {
  /** `limitMs`: the connection is destroyed when the work takes longer. Default 30 s. */
  in<T>(scope: TenantScope, work: (sql: Transaction) => Promise<T>, limitMs?: number): Promise<T>;
  /** A select in a transaction of its own, all in one message. For texts of which there are few. */
  read<Row>(scope: TenantScope, text: string, values: readonly Literal[]): Promise<readonly Row[]>;
  /** Several in one transaction and one message. Of rows that others commit in between, later ones may see more. */
  readAll(scope: TenantScope, selects: readonly Statement[]): Promise<readonly (readonly unknown[])[]>;
}

/**
 * Each piece of work is a transaction of its own. `role`: the login is another than the role it acts as, so it takes
 * the role for the transaction; null = it is that role.
 */
export function scopedTransactions(connections: Connections, role: DatabaseRole | null): Scoped {
  const readAll: Scoped['readAll'] = async (scope, selects) => {
    const [, ...results] = await insistently(() =>
      connections.lend((sql) => sql.pipeline([opening(scope, role), ...selects])),
    );
    return results;
  };
  return {
    in: (scope, work, limitMs) =>
      connections.lend((sql) => transaction(sql, [begin, opening(scope, role)], work), limitMs),
    read: async <Row>(scope: TenantScope, text: string, values: readonly Literal[]) => {
      const [rows = []] = await readAll(scope, [{ text, values }]);
      return rows as readonly Row[];
    },
    readAll,
  };
}

/** Work joins the transaction that `sql` is in, which must be of the same tenant. */
export function scopedTo(open: TenantScope, sql: Transaction): Scoped {
  const check = (scope: TenantScope): void => {
    if (scope.tenant !== open.tenant) throw new Error('The transaction is in another tenant.');
  };
  return {
    async in(scope, work) {
      check(scope);
      return work(sql);
    },
    async read(scope, text, values) {
      check(scope);
      return prepared(sql, text, values);
    },
    async readAll(scope, selects) {
      check(scope);
      return sql.pipeline(selects);
    },
  };
}

/** A transaction outside any tenant, for functions that cross tenants and tables that have none. */
export function roleTransaction<T>(sql: Sql, role: DatabaseRole | null, work: (sql: Sql) => Promise<T>): Promise<T> {
  return transaction(sql, role === null ? [begin] : [begin, { text: `set local role ${role}` }], work);
}

/** A connection within a transaction. */
export interface Transaction extends Sql {
  /** A write whose answer nobody needs: it goes out with what is asked next, or with COMMIT, and may fail there. */
  later(statement: Statement): void;
}

/** Each way there and back is worth more than a statement, so BEGIN and what can wait travel with what cannot. */
async function transaction<T>(
  sql: Sql,
  opened: readonly Statement[],
  work: (sql: Transaction) => Promise<T>,
): Promise<T> {
  let waiting = [...opened];
  const send = async (statements: readonly Statement[]) => {
    const before = waiting;
    waiting = [];
    return (await sql.pipeline([...before, ...statements])).slice(before.length);
  };
  const open: Transaction = {
    ownSession: sql.ownSession,
    async query(text, values) {
      if (waiting.length > 0) await send([]);
      return sql.query(text, values);
    },
    pipeline: send,
    later: (statement) => void waiting.push(statement),
  };
  try {
    const result = await work(open);
    await send([commit]);
    return result;
  } catch (error) {
    await sql.query('rollback').catch(() => {
      // Whoever lends the connection ends it, and with it the transaction.
      throw new DatabaseUnavailable('The transaction could not be rolled back.', { cause: error });
    });
    throw error;
  }
}

const begin: Statement = { text: 'begin' };
const commit: Statement = { text: 'commit' };

/**
 * The scope, until the transaction ends. A plan that was made while a table was small is kept while it grows, so it must
 * not read whole tables.
 */
function opening(scope: TenantScope, role: DatabaseRole | null): Statement {
  if (!isUuid(scope.tenant)) throw new Error('A tenant scope needs the UUID of a tenant.');
  return {
    text: role === null ? scopeSql : `${scopeSql}, pg_catalog.set_config('role', '${role}', true)`,
    values: [scope.tenant],
  };
}

const scopeSql =
  "select pg_catalog.set_config('enable_seqscan', 'off', true), pg_catalog.set_config('hf.tenant', $1, true)";
