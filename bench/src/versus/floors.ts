import { randomUUID } from 'node:crypto';
import { closedLoop, type Load } from '../load/callers.ts';
import { withClients } from './sessions.ts';

const table = `create table if not exists public.bare (
  run_id uuid not null, seq integer not null, type text not null, at bigint not null, payload text not null,
  primary key (run_id, seq))`;
const insert = 'insert into public.bare (run_id, seq, type, at, payload) values ($1, $2, $3, $4, $5)';

/**
 * "Runs" that are nothing but so many inserts of one row each, every one committed and synced: what the database alone
 * would need.
 */
export function bareInserts(
  address: string,
  callers: number,
  seconds: number,
  { inserts, bytes }: { readonly inserts: number; readonly bytes: number },
): Promise<Load> {
  const payload = 'x'.repeat(bytes);
  return withClients(address, callers, async (clients) => {
    await clients[0]?.query(table);
    return closedLoop(callers, seconds, async (caller) => {
      const client = clients[caller % clients.length];
      const run = randomUUID();
      for (let seq = 1; seq <= inserts; seq += 1)
        await client?.query({ name: 'bare', text: insert, values: [run, seq, 'tool.returned', Date.now(), payload] });
    });
  });
}
