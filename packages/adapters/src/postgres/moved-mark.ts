import { DatabaseNotUsable } from './errors.ts';
import { movedTables, quoted } from './moved-tables.ts';
import type { Connections } from './sql.ts';
import { roleTransaction } from './tenant-scope.ts';
import { insistently } from './unavailable.ts';

/** Waits for writes under way, ms. */
const LIMIT_MS = 120_000;

/**
 * From then on nothing changes here any more, whoever may still run; what was committed before is all there is. Once
 * more is harmless. `alone`: no other process has the database, so workers that are written down are gone.
 * @throws DatabaseNotUsable `database_in_use` while workers are at work.
 */
export function markMoved(connections: Connections, { alone }: { readonly alone: boolean }): Promise<void> {
  return asOwner(connections, async (sql) => {
    const [state] = await sql.query<{ moved_at: number | null }>('select moved_at from holdfast.installation');
    if (state?.moved_at != null) return;
    const working = await sql.query<{ id: string }>(
      'select id from holdfast.workers where lease_until >= holdfast.now_ms() order by id',
    );
    if (!alone && working.length > 0)
      throw new DatabaseNotUsable(
        'database_in_use',
        `Workers are at work on this database: ${working.map(({ id }) => id).join(', ')}. Stop them first, and the API.`,
      );
    for (const { name } of await movedTables(sql))
      await sql.query(
        `create trigger moved before insert or update or delete or truncate on holdfast.${quoted(name)}
          for each statement execute function holdfast.refuse_moved()`,
      );
    await sql.query('update holdfast.installation set moved_at = holdfast.now_ms()');
  });
}

/** It goes on here after all; false where it was not marked. */
export function unmarkMoved(connections: Connections): Promise<boolean> {
  return asOwner(connections, async (sql) => {
    const [state] = await sql.query<{ moved_at: number | null }>('select moved_at from holdfast.installation');
    if (state?.moved_at == null) return false;
    for (const { name } of await movedTables(sql))
      await sql.query(`drop trigger if exists moved on holdfast.${quoted(name)}`);
    await sql.query('update holdfast.installation set moved_at = null');
    return true;
  });
}

/** When it was exported; null = it goes on here. */
export async function movedAt(connections: Connections): Promise<number | null> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ moved_at: number | null }>('select moved_at from holdfast.installation'),
  );
  return row?.moved_at ?? null;
}

const asOwner = <T>(connections: Connections, work: Parameters<typeof roleTransaction<T>>[2]): Promise<T> =>
  insistently(() => connections.lend((sql) => roleTransaction(sql, 'holdfast_owner', work), LIMIT_MS));
