import { openDatabase } from '@holdfast/adapters/postgres';

/** What stays behind, as the guide says; `installation` is looked at by itself. */
const staying = new Set(['migrations', 'workers', 'server_life', 'sessions', 'snapshots', 'installation']);

export interface Contents {
  /** Every row of every table that moves, in the order of its primary key. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly sequences: readonly unknown[];
  readonly installation: Readonly<Record<string, unknown>>;
  /** Policies, rights, triggers and forced row-level security. */
  readonly rights: Readonly<Record<string, readonly unknown[]>>;
}

/** Everything of a database, as its superuser sees it. */
export async function contentsOf(url: string): Promise<Contents> {
  const database = await openDatabase(url, { hints: false });
  const ask = (text: string): Promise<readonly Record<string, unknown>[]> =>
    database.connections.lend((sql) => sql.query(text));
  try {
    const tables = await ask(`
      select c.relname::text as name, (
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_index i
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
        where i.indrelid = c.oid and i.indisprimary) as key
      from pg_class c where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') order by 1`);
    const rows: Record<string, readonly string[]> = {};
    for (const { name, key } of tables)
      if (!staying.has(String(name)))
        rows[String(name)] = (
          await ask(`select row_to_json(t)::text as line from holdfast.${String(name)} t order by ${String(key)}`)
        ).map(({ line }) => String(line));
    const [sequences, [installation = {}]] = [
      await ask(
        'select last_value + case when is_called then 1 else 0 end as next from holdfast.artifacts_position_seq',
      ),
      await ask('select id, created_at, moved_at, frozen_at from holdfast.installation'),
    ];
    return { rows, sequences, installation, rights: await rightsOf(ask) };
  } finally {
    await database.close();
  }
}

async function rightsOf(ask: (text: string) => Promise<readonly unknown[]>): Promise<Contents['rights']> {
  return {
    tables: await ask(`
      select relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) as owner, relacl::text as acl
      from pg_class where relnamespace = 'holdfast'::regnamespace and relkind in ('r', 'p', 'S') order by 1`),
    policies: await ask(`
      select tablename, policyname, roles::text, cmd, qual, with_check from pg_policies
      where schemaname = 'holdfast' order by 1, 2`),
    triggers: await ask(`
      select c.relname, t.tgname, t.tgenabled from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = 'holdfast'::regnamespace and not t.tgisinternal order by 1, 2`),
  };
}
