import type { TenantScope } from '@holdfast/core';
import { isUuid } from './ids.ts';
import { type Connections, inlined, type Literal, type Sql } from './sql.ts';

export type DatabaseRole = 'holdfast_api' | 'holdfast_worker' | 'holdfast_owner';

/** Runs work within a tenant: a transaction that sees that tenant's rows and no others. */
export interface Scoped {
  /** `limitMs`: the connection is destroyed when the work takes longer. Default 30 s. */
  in<T>(scope: TenantScope, work: (sql: Sql) => Promise<T>, limitMs?: number): Promise<T>;
  /** A select in a transaction of its own, all in one message: a third of the ways there and back. */
  read<Row>(scope: TenantScope, text: string, values: readonly Literal[]): Promise<readonly Row[]>;
  /** Two of them with the same parameters. */
  readTwo<First, Second>(
    scope: TenantScope,
    texts: readonly [string, string],
    values: readonly Literal[],
  ): Promise<readonly [readonly First[], readonly Second[]]>;
}

/**
 * Each piece of work is a transaction of its own. `role`: the login is another than the role it acts as, so it takes
 * the role for the transaction; null = it is that role.
 */
export function scopedTransactions(connections: Connections, role: DatabaseRole | null): Scoped {
  const readAll = async (scope: TenantScope, texts: readonly string[], values: readonly Literal[]) => {
    const selects = texts.map((text) => inlined(text, values));
    const statements = [...opening(scope, role), ...selects, 'commit'];
    const results = await connections.lend(async (sql) => {
      try {
        return await sql.script(statements);
      } catch (error) {
        await sql.query('rollback');
        throw error;
      }
    });
    return results.slice(-1 - texts.length, -1);
  };
  return {
    in: (scope, work, limitMs) => connections.lend((sql) => transaction(sql, opening(scope, role), work), limitMs),
    read: async <Row>(scope: TenantScope, text: string, values: readonly Literal[]) => {
      const [rows = []] = await readAll(scope, [text], values);
      return rows as readonly Row[];
    },
    readTwo: async <First, Second>(
      scope: TenantScope,
      texts: readonly [string, string],
      values: readonly Literal[],
    ) => {
      const [first = [], second = []] = await readAll(scope, texts, values);
      return [first as readonly First[], second as readonly Second[]] as const;
    },
  };
}

/** Work joins the transaction that `sql` is in, which must be of the same tenant. */
export function scopedTo(open: TenantScope, sql: Sql): Scoped {
  return {
    async in(scope, work) {
      if (scope.tenant !== open.tenant) throw new Error('The transaction is in another tenant.');
      return work(sql);
    },
    async read(scope, text, values) {
      if (scope.tenant !== open.tenant) throw new Error('The transaction is in another tenant.');
      return sql.query(text, values);
    },
    async readTwo<First, Second>(scope: TenantScope, texts: readonly [string, string], values: readonly Literal[]) {
      if (scope.tenant !== open.tenant) throw new Error('The transaction is in another tenant.');
      const [first, second] = texts;
      return [await sql.query<First>(first, values), await sql.query<Second>(second, values)] as const;
    },
  };
}

/** A transaction outside any tenant, for functions that cross tenants and tables that have none. */
export function roleTransaction<T>(sql: Sql, role: DatabaseRole | null, work: (sql: Sql) => Promise<T>): Promise<T> {
  return transaction(sql, ['begin', ...asRole(role)], work);
}

async function transaction<T>(sql: Sql, begin: readonly string[], work: (sql: Sql) => Promise<T>): Promise<T> {
  await sql.query(begin.join('; '));
  let result: T;
  try {
    result = await work(sql);
  } catch (error) {
    await sql.query('rollback');
    throw error;
  }
  await sql.query('commit');
  return result;
}

/** BEGIN and the scope in one message. The tenant's id is checked, since this form takes no parameters. */
function opening(scope: TenantScope, role: DatabaseRole | null): readonly string[] {
  if (!isUuid(scope.tenant)) throw new Error('A tenant scope needs the UUID of a tenant.');
  return ['begin', ...asRole(role), `select pg_catalog.set_config('hf.tenant', '${scope.tenant}', true)`];
}

const asRole = (role: DatabaseRole | null): readonly string[] => (role === null ? [] : [`set local role ${role}`]);
