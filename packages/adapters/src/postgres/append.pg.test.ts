import type { RunRef } from '@holdfast/core';
import { appendTo, claim, newRun, newTenant } from '@holdfast/testing';
import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchParameters } from './append-parameters.ts';
import { appendSql, describeAppend } from './append.suite.ts';
import { openDatabase } from './database.ts';
import { openOn, prepare, storesOf } from './open-stores.suite.ts';

describePostgres('appends', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());

  describeAppend('Postgres', () => openOn(server));

  describe('beside other transactions', () => {
    test('a locked row stalls nobody; its append is tried again and accepted when it is free', async () => {
      const { url } = await database(server, prepare);
      const stores = await storesOf(await openDatabase(url));
      const scope = await newTenant(stores);
      const [locked, free] = [await newRun(stores, scope), await newRun(stores, scope)];
      const { runs } = await stores.worker('me');
      const blocker = new pg.Client(url);
      await blocker.connect();
      await blocker.query('begin');
      await blocker.query('select from holdfast.runs where id = $1 for update', [locked.run]);
      const waiting = runs.append(appendTo(locked, 1, { worker: 'me' }));
      expect(await runs.append(appendTo(free, 1, { worker: 'me' }))).toEqual({ type: 'accepted', head: 2 });
      await blocker.query('commit');
      expect(await waiting).toEqual({ type: 'accepted', head: 2 });
      await blocker.query('begin');
      await blocker.query('select from holdfast.runs where id = $1 for update', [locked.run]);
      expect(await runs.append(appendTo(locked, 2, { worker: 'me' }))).toEqual({ type: 'busy' });
      await blocker.query('rollback');
      await blocker.end();
      await stores.close();
    });

    test('an append finds a connection while more runs are loaded than there are connections, and all are loaded', async () => {
      const { url } = await database(server, prepare);
      const stores = await storesOf(await openDatabase(url));
      const run = await newRun(stores, await newTenant(stores));
      const { runs } = await stores.worker('me');
      const blocker = new pg.Client(url);
      await blocker.connect();
      await blocker.query('begin');
      // Loads read it, appends do not.
      await blocker.query('lock table holdfast.snapshots in access exclusive mode');
      const loads = Array.from({ length: 30 }, () => runs.load(run));
      expect(await runs.append(appendTo(run, 1, { worker: 'me' }))).toEqual({ type: 'accepted', head: 2 });
      await blocker.query('commit');
      expect((await Promise.all(loads)).map((loaded) => loaded?.head)).toEqual(loads.map(() => 2));
      await blocker.end();
      await stores.close();
    });

    test('batches in opposite order from two connections neither deadlock nor lose an append', async () => {
      const { url } = await database(server, prepare);
      const stores = await storesOf(await openDatabase(url));
      const scope = await newTenant(stores);
      const runs: RunRef[] = [];
      for (let index = 0; index < 40; index += 1) runs.push(await newRun(stores, scope));
      const clients = await Promise.all(
        [runs, runs.toReversed()].map(async (order) => {
          const client = new pg.Client(url);
          await client.connect();
          return { client, order };
        }),
      );
      const rounds = 30;
      const accepted = await Promise.all(
        clients.map(async ({ client, order }) => {
          let count = 0;
          const heads = new Map(runs.map(({ run }) => [run, 1]));
          for (let round = 0; round < rounds; round += 1) {
            const batch = order.map((ref) => appendTo(ref, heads.get(ref.run) ?? 1));
            const { rows } = await client.query<{ item: number; head: number }>(appendSql, batchParameters(batch));
            const refused = new Map(rows.map(({ item, head }) => [item, head]));
            for (const [index, { run, expected }] of batch.entries()) {
              const head = refused.get(index + 1);
              heads.set(run, head ?? expected + 1);
              if (head === undefined) count += 1;
            }
          }
          return count;
        }),
      );
      const heads = await stores.api.directory.heads(runs);
      const grown = heads.reduce((sum, { head }) => sum + head - 1, 0);
      expect(grown).toBe((accepted[0] ?? 0) + (accepted[1] ?? 0));
      for (const ref of runs) {
        const events = await stores.api.runs.eventsAfter(ref, 0, 1_000);
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
        expect(events.length).toBe(heads.find(({ run }) => run === ref.run)?.head);
      }
      await Promise.all(clients.map(({ client }) => client.end()));
      await stores.close();
    });

    test('at least 95 % of the updates of a run are HOT', async () => {
      const { url } = await database(server, prepare);
      const stores = await storesOf(await openDatabase(url));
      const scope = await newTenant(stores);
      const run = await newRun(stores, scope);
      const { runs, schedule } = await stores.worker('me');
      await schedule.pick(1, 60_000);
      await claim(stores, run, 'me');
      for (let head = 2; head < 2_002; head += 1) await runs.append(appendTo(run, head, { worker: 'me' }));
      await stores.close();
      const client = new pg.Client(url);
      await client.connect();
      await expect
        .poll(
          async () => {
            const { rows } = await client.query<{ updates: number; hot: number }>(
              "select n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'runs'",
            );
            return (rows[0]?.updates ?? 0) >= 2_000 ? (rows[0]?.hot ?? 0) / (rows[0]?.updates ?? 1) : 0;
          },
          { timeout: 20_000 },
        )
        .toBeGreaterThanOrEqual(0.95);
      await client.end();
    });
  });
});
