import type { Sql } from './sql.ts';

/** A table that moves with its installation. */
export interface MovedTable {
  readonly name: string;
  /** All but those that the database computes. */
  readonly columns: readonly string[];
  /** The primary key: columns with their types. */
  readonly key: readonly { readonly name: string; readonly type: string }[];
  /** It has one row, which the migrations make. */
  readonly single: boolean;
  /** Policies hold for its owner, too. */
  readonly guarded: boolean;
}

/**
 * What stays behind: `migrations` and `installation` are compared and set by themselves; workers and the server's life
 * belong to processes; logins of browsers end with the address; snapshots are a cache and are made again.
 */
const staying = ['migrations', 'installation', 'workers', 'server_life', 'sessions', 'snapshots'];

interface TableRow {
  readonly name: string;
  readonly guarded: boolean;
  readonly columns: string;
  readonly key: string;
  readonly needs: string;
}

/** From the catalog, so that none is forgotten; those that others refer to come first. */
export async function movedTables(sql: Sql): Promise<readonly MovedTable[]> {
  const rows = await sql.query<TableRow>(
    `
    select c.relname::text as name, c.relforcerowsecurity as guarded,
      (select pg_catalog.json_agg(a.attname order by a.attnum) from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')::text as columns,
      (select pg_catalog.json_agg(pg_catalog.json_build_object(
          'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by k.place)
        from pg_catalog.pg_index i
        cross join lateral pg_catalog.unnest(i.indkey::smallint[]) with ordinality as k (number, place)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where i.indrelid = c.oid and i.indisprimary)::text as key,
      coalesce((select pg_catalog.json_agg(distinct o.relname) from pg_catalog.pg_constraint f
        join pg_catalog.pg_class o on o.oid = f.confrelid
        where f.conrelid = c.oid and f.contype = 'f' and o.oid <> c.oid), '[]'::json)::text as needs
    from pg_catalog.pg_class c
    where c.relnamespace = 'holdfast'::pg_catalog.regnamespace and c.relkind in ('r', 'p') and c.relname <> all ($1::text[])
    order by c.relname`,
    [`{${staying.join(',')}}`],
  );
  const waiting = rows.map((row) => ({
    table: {
      name: row.name,
      guarded: row.guarded,
      columns: JSON.parse(row.columns) as string[],
      ...keyOf(row.name, row.key),
    },
    needs: JSON.parse(row.needs) as string[],
  }));
  const ordered: MovedTable[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ needs }) => waiting.every(({ table }) => !needs.includes(table.name)));
    const [found] = waiting.splice(next, 1);
    if (next < 0 || found === undefined) throw new Error('Tables refer to each other in a circle.');
    ordered.push(found.table);
  }
  return ordered;
}

function keyOf(table: string, text: string | null): Pick<MovedTable, 'key' | 'single'> {
  if (text === null) throw new Error(`The table ${table} has no primary key, by which it could be read page by page.`);
  const key = JSON.parse(text) as { name: string; type: string }[];
  return { key, single: key.length === 1 && key[0]?.name === 'one' };
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
