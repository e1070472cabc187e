import { type MovedTable, movedTables, quoted } from './moved-tables.ts';
import type { Connections, Sql } from './sql.ts';

/** What is true of the whole of an installation. */
export interface InstallationFacts {
  readonly installation: { readonly id: string; readonly created_at: number };
  readonly migrations: readonly { readonly name: string; readonly hash: string }[];
  readonly sequences: readonly { readonly name: string; readonly next: number }[];
  /** Ids of the keys that secrets are sealed with. */
  readonly secret_keys: readonly string[];
}

export interface InstallationSource extends InstallationFacts {
  /** Those that others refer to come first. */
  readonly tables: readonly string[];
  /** The rows of a table as JSON texts, page by page, in the order of its primary key. */
  readonly rows: (table: string) => AsyncGenerator<readonly string[], void, undefined>;
}

/** A connection may be used for as long as it takes: the longest time that a timer knows, ms. */
export const UNLIMITED_MS = 2 ** 31 - 1;
const MOST_ROWS = 500;
const MOST_LENGTH = 1_000_000;

/** The whole installation as it is at this moment, whatever is written meanwhile. */
export function readInstallation<T>(
  connections: Connections,
  work: (source: InstallationSource) => Promise<T>,
): Promise<T> {
  return connections.lend(async (sql) => {
    await sql.query('begin transaction isolation level repeatable read, read only');
    try {
      await sql.query('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
      const source = await sourceOf(sql);
      return await work(source);
    } finally {
      await sql.query('rollback');
    }
  }, UNLIMITED_MS);
}

async function sourceOf(sql: Sql): Promise<InstallationSource> {
  await sql.query('set local role holdfast_owner');
  const tables = await movedTables(sql);
  const [installation] = await sql.query<{ id: string; created_at: number }>(
    'select id, created_at from holdfast.installation',
  );
  if (installation === undefined) throw new Error('The database has no installation id.');
  await checkPolicies(sql, tables);
  const migrations = await sql.query<{ name: string; hash: string }>(
    'select name, hash from holdfast.migrations order by name',
  );
  const sequences = await sequencesOf(sql);
  await sql.query('set local role holdfast_engine');
  const keys = await sql.query<{ key_id: string }>(
    'select distinct key_id from holdfast.secrets where ciphertext is not null order by key_id',
  );
  return {
    installation,
    migrations,
    sequences,
    secret_keys: keys.map(({ key_id: id }) => id),
    tables: tables.map(({ name }) => name),
    rows: (name) => {
      const table = tables.find((each) => each.name === name);
      if (table === undefined) throw new Error(`The table ${name} does not move.`);
      return rowsOf(sql, table);
    },
  };
}

/** A table of which a policy hides rows would be exported without them, and nobody would notice. */
async function checkPolicies(sql: Sql, tables: readonly MovedTable[]): Promise<void> {
  const open = await sql.query<{ name: string }>(`
    select tablename::text as name from pg_catalog.pg_policies
    where schemaname = 'holdfast' and policyname = 'engine' and qual = 'true' and 'holdfast_engine' = any (roles)`);
  const hidden = tables.filter(({ name, guarded }) => guarded && open.every((policy) => policy.name !== name));
  if (hidden.length > 0) throw new Error(`No role sees all rows of ${hidden.map(({ name }) => name).join(', ')}.`);
}

async function sequencesOf(sql: Sql): Promise<InstallationFacts['sequences']> {
  const names = await sql.query<{ name: string }>(
    "select c.relname::text as name from pg_catalog.pg_class c where c.relnamespace = 'holdfast'::pg_catalog.regnamespace and c.relkind = 'S' order by 1",
  );
  const sequences: { name: string; next: number }[] = [];
  for (const { name } of names) {
    const [row] = await sql.query<{ next: number }>(
      `select last_value + case when is_called then 1 else 0 end as next from holdfast.${quoted(name)}`,
    );
    if (row !== undefined) sequences.push({ name, ...row });
  }
  return sequences;
}

/** Pages grow and shrink with what the rows weigh, so that memory does not. */
async function* rowsOf(sql: Sql, { name, columns, key, guarded }: MovedTable): AsyncGenerator<readonly string[]> {
  await sql.query(`set local role ${guarded ? 'holdfast_engine' : 'holdfast_owner'}`);
  const keys = key.map((column) => quoted(column.name));
  const place = key.map(({ type }, index) => `$${index + 2}::text::${type}`);
  let limit = 20;
  for (let after: readonly string[] | null = null; ;) {
    const rows: readonly { line: string; after: string }[] = await sql.query(
      `select pg_catalog.row_to_json(t)::text as line,
          pg_catalog.json_build_array(${keys.map((column) => `t.${column}::text`).join(', ')})::text as after
        from (
          select ${columns.map(quoted).join(', ')} from holdfast.${quoted(name)}
          ${after === null ? '' : `where (${keys.join(', ')}) > (${place.join(', ')})`}
          order by ${keys.join(', ')} limit $1
        ) t order by ${keys.map((column) => `t.${column}`).join(', ')}`,
      [limit, ...(after ?? [])],
    );
    if (rows.length > 0) yield rows.map(({ line }) => line);
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return;
    after = JSON.parse(last.after) as string[];
    const length = rows.reduce((sum, { line }) => sum + line.length, 0);
    if (length > MOST_LENGTH) limit = Math.max(1, Math.floor(limit / 2));
    else if (length < MOST_LENGTH / 2) limit = Math.min(MOST_ROWS, limit * 2);
  }
}
