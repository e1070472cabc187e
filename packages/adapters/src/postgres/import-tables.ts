import { DatabaseNotUsable } from './errors.ts';
import { type InstallationFacts, UNLIMITED_MS } from './export-tables.ts';
import { type MovedTable, movedTables, quoted } from './moved-tables.ts';
import type { Connections, Sql } from './sql.ts';
import { roleTransaction } from './tenant-scope.ts';

export interface ImportedInstallation extends Pick<InstallationFacts, 'installation' | 'migrations' | 'sequences'> {
  /** How many rows each table has. */
  readonly tables: Readonly<Record<string, number>>;
  /** It goes on here and nowhere else, under its own id; else this is a copy beside it. */
  readonly moved: boolean;
  /** JSON texts, a row each. */
  readonly rows: (table: string) => AsyncIterable<string>;
}

const MOST_ROWS = 500;
const MOST_LENGTH = 1_000_000;

/**
 * Whether an installation can be put here: tables of the same migrations, without rows.
 * @throws DatabaseNotUsable `database_not_empty`, `database_not_migrated`.
 */
export function checkImport(
  connections: Connections,
  migrations: InstallationFacts['migrations'],
): Promise<readonly MovedTable[]> {
  return connections.lend((connection) =>
    roleTransaction(connection, 'holdfast_owner', async (sql) => {
      await checkMigrations(sql, migrations);
      const tables = await movedTables(sql);
      await sql.query('set local role holdfast_engine');
      await checkEmpty(
        sql,
        tables.filter(({ guarded }) => guarded),
      );
      await sql.query('set local role holdfast_owner');
      await checkEmpty(
        sql,
        tables.filter(({ guarded }) => !guarded),
      );
      return tables;
    }),
  );
}

async function checkMigrations(sql: Sql, wanted: InstallationFacts['migrations']): Promise<void> {
  const here = await sql.query<{ name: string; hash: string }>('select name, hash from holdfast.migrations');
  const key = ({ name, hash }: { name: string; hash: string }): string => `${name} ${hash}`;
  const [ours, theirs] = [new Set(here.map(key)), new Set(wanted.map(key))];
  const missing = wanted.filter((migration) => !ours.has(key(migration))).map(({ name }) => name);
  const more = here.filter((migration) => !theirs.has(key(migration))).map(({ name }) => name);
  if (missing.length === 0 && more.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`this database lacks ${missing.join(', ')} as the export has them`] : []),
    ...(more.length > 0 ? [`the export lacks ${more.join(', ')} as this database has them`] : []),
  ];
  throw new DatabaseNotUsable(
    'database_not_migrated',
    `Export and database are not of one release: ${parts.join('; ')}. Bring the source to this release, and export it again.`,
  );
}

async function checkEmpty(sql: Sql, tables: readonly MovedTable[]): Promise<void> {
  for (const { name } of tables.filter(({ single }) => !single)) {
    const [row] = await sql.query<{ filled: boolean }>(
      `select exists (select from holdfast.${quoted(name)}) as filled`,
    );
    if (row?.filled === true)
      throw new DatabaseNotUsable(
        'database_not_empty',
        `The table ${name} of this database has rows already. An import needs a database on which nothing but holdfast migrate was run.`,
      );
  }
}

/**
 * Puts the installation here, all of it or, when this process dies or anything does not fit, nothing. Returns the id it
 * has here. @throws as `checkImport`; Error when the rows are not those that were promised.
 */
export async function writeInstallation(connections: Connections, imported: ImportedInstallation): Promise<string> {
  const tables = await checkImport(connections, imported.migrations);
  return connections.lend(
    (connection) =>
      roleTransaction(connection, 'holdfast_owner', async (sql) => {
        await sql.query('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
        // Policies and triggers are for those who work here. The transaction that takes them off puts them on again, and nobody
        // else reads the tables meanwhile.
        for (const table of tables) await guard(sql, table, false);
        for (const table of tables) await fill(sql, table, imported);
        await checkLogs(sql);
        // Not setval, which no rollback takes back.
        for (const { name, next } of imported.sequences)
          await sql.query(`alter sequence holdfast.${quoted(name)} restart with ${next}`);
        if (!imported.moved) await freeze(sql);
        for (const table of tables) await guard(sql, table, true);
        for (const { name } of tables) await sql.query(`analyze holdfast.${quoted(name)}`);
        // One that was frozen where it was stays so.
        const [row] = await sql.query<{ id: string }>(
          `update holdfast.installation set id = coalesce($1::text::uuid, id), created_at = coalesce($2, created_at),
            frozen_at = (select min(t.frozen_at) from holdfast.tenants t) returning id`,
          imported.moved ? [imported.installation.id, imported.installation.created_at] : [null, null],
        );
        if (row === undefined) throw new Error('The database has no installation id.');
        return row.id;
      }),
    UNLIMITED_MS,
  );
}

/**
 * What the source goes on with must not be done here as well. From now on, not since the source was frozen; and a thaw that
 * it had begun is not one of the copy.
 */
async function freeze(sql: Sql): Promise<void> {
  await sql.query('update holdfast.tenants set frozen_at = holdfast.now_ms()');
  await sql.query("delete from holdfast.due where kind = 'thaw'");
}

async function guard(sql: Sql, { name, guarded }: MovedTable, on: boolean): Promise<void> {
  const table = `holdfast.${quoted(name)}`;
  await sql.query(`alter table ${table} ${on ? 'enable' : 'disable'} trigger user`);
  if (guarded) await sql.query(`alter table ${table} ${on ? 'force' : 'no force'} row level security`);
}

async function fill(sql: Sql, { name, columns, single }: MovedTable, imported: ImportedInstallation): Promise<void> {
  const table = `holdfast.${quoted(name)}`;
  const listed = columns.map(quoted).join(', ');
  if (single) await sql.query(`delete from ${table}`);
  let count = 0;
  let lines: string[] = [];
  let length = 0;
  const insert = async (): Promise<void> => {
    if (lines.length === 0) return;
    await sql.query(
      `insert into ${table} (${listed}) overriding system value
        select ${listed} from pg_catalog.json_populate_recordset(null::${table}, $1::text::json)`,
      [`[${lines.join(',')}]`],
    );
    count += lines.length;
    lines = [];
    length = 0;
  };
  for await (const line of imported.rows(name)) {
    lines.push(line);
    length += line.length;
    if (lines.length === MOST_ROWS || length > MOST_LENGTH) await insert();
  }
  await insert();
  const promised = imported.tables[name] ?? 0;
  if (count !== promised) throw new Error(`The table ${name} has ${count} rows in the export, not ${promised}.`);
}

/** Every log is whole: numbers from 1 to the head of its run, without gaps, and no event is of a run that is not there. */
async function checkLogs(sql: Sql): Promise<void> {
  const [broken] = await sql.query<{ run: string }>(`
    select coalesce(r.id, e.run_id) as run
    from holdfast.runs r
    full join (
      select run_id, pg_catalog.count(*) as events, pg_catalog.min(seq) as first, pg_catalog.max(seq) as last
      from holdfast.run_events group by run_id
    ) e on e.run_id = r.id
    where r.id is null or e.run_id is null or e.first <> 1 or e.last <> r.head or e.events <> r.head
    limit 1`);
  if (broken !== undefined) throw new Error(`The log of the run ${broken.run} has gaps. Nothing was imported.`);
}
