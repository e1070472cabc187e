import { DatabaseUnavailable, type RunRef } from '@holdfast/core';
import { appendTo, newRun, newTenant } from '@holdfast/testing';
import {
  database,
  describePostgres,
  installedPgBouncer,
  type PgBouncer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { type OpenedStores, prepare, storesOf } from './open-stores.suite.ts';

const APPENDS = 40;

describePostgres('behind a pooler in transaction mode', ({ bin }) => {
  let server: PostgresServer;
  let pooler: PgBouncer;
  let url: string;
  beforeAll(async () => {
    const program = installedPgBouncer();
    if (program === undefined) throw new Error('PgBouncer is not installed: bash scripts/servers.sh install');
    server = await startPostgres({ bin });
    ({ url } = await database(server, prepare));
    // Fewer than its clients, so that they share.
    pooler = await startPgBouncer({ bin: program, target: url, poolMode: 'transaction', poolSize: 2 });
  });
  afterAll(async () => {
    await pooler?.stop();
    await server?.stop();
  });

  test.each([
    ['with a direct url', () => ({ directUrl: url })],
    ['without one', () => ({})],
  ])('%s, a restart under load loses no acknowledged append and doubles none', async (_how, options) => {
    const stores = await storesOf(await openDatabase(pooler.url, { ...options(), statementTimeoutMs: 30_000 }));
    const scope = await newTenant(stores);
    const runs = await Promise.all(Array.from({ length: 10 }, () => newRun(stores, scope)));
    const me = await stores.worker('me');
    await me.lease.start();
    let accepted = 0;
    let failed = 0;
    const writing = runs.map(async (run) => {
      const ids: string[] = [];
      // On until the restart was felt, however fast the machine is.
      for (let head = 1; head <= APPENDS || failed === 0;) {
        const append = appendTo(run, head, { worker: 'me' });
        try {
          const outcome = await me.runs.append(append);
          if (outcome.type === 'accepted') {
            ids.push(append.id);
            accepted += 1;
          }
          head = 'head' in outcome ? outcome.head : head;
        } catch (error) {
          if (!(error instanceof DatabaseUnavailable)) throw error;
          failed += 1;
          // What became of it stands in the log.
          head = await headOf(stores, run);
        }
      }
      return ids;
    });
    await expect.poll(() => accepted, { timeout: 20_000 }).toBeGreaterThan(20);
    await pooler.kill();
    await pooler.start();
    const acknowledged = await Promise.all(writing);
    for (const [index, run] of runs.entries()) {
      const events = await me.runs.eventsAfter(run, 0, 100_000);
      expect(events.length).toBeGreaterThan(APPENDS);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
      const written = events.map(({ appendId }) => appendId);
      expect(written).toEqual(expect.arrayContaining(acknowledged[index] ?? []));
      expect(new Set(written).size).toBe(written.length);
    }
    await expect.poll(() => me.lease.remaining(), { timeout: 20_000 }).toBeGreaterThan(3_000);
    await me.lease.close();
    await stores.close();
  });
});

/** As soon as the pooler is back. */
async function headOf(stores: OpenedStores, run: RunRef): Promise<number> {
  let head: number | null = null;
  await expect
    .poll(async () => (head = (await stores.api.directory.heads([run])).at(0)?.head ?? null), { timeout: 20_000 })
    .not.toBeNull();
  if (head === null) throw new Error('the run has no head');
  return head;
}
