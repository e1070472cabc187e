import type { DriverName } from '@holdfast/core';
import { appendTo, claim, newRun, newTenant, projectionOf } from '@holdfast/testing';
import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { type OpenedStores, prepare, storesOf } from './open-stores.suite.ts';

describePostgres('worker leases', ({ bin }) => {
  let server: PostgresServer;
  let url: string;
  let admin: pg.Client;
  const opened: OpenedStores[] = [];
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    ({ url } = await database(server, prepare));
    admin = new pg.Client(url);
    admin.on('error', () => undefined);
    await admin.connect();
    // As if the server had run for a while: within one lease of its start nobody is judged.
    await admin.query('update holdfast.server_life set since = 0');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((stores) => stores.close()));
    await admin.end();
  });

  /** A process with one worker. */
  const start = async (worker: string, driver?: DriverName) => {
    const stores = await storesOf(await openDatabase(url));
    opened.push(stores);
    const side = await stores.worker(worker, driver);
    await side.lease.start();
    return { ...side, stores };
  };
  const heldBy = async (worker: Awaited<ReturnType<typeof start>>) => {
    const run = await newRun(worker.stores, await newTenant(worker.stores));
    await worker.schedule.pick(100, 60_000);
    expect(await claim(worker.stores, run, worker.lease.worker)).toMatchObject({ type: 'accepted' });
    return run;
  };
  const endDirectSession = (worker: string) =>
    admin.query(
      `select pg_terminate_backend(l.pid) from pg_locks l join holdfast.workers w
         on l.classid::bigint * 4294967296 + l.objid::bigint = w.lock_key
       where l.locktype = 'advisory' and l.granted and w.id = $1`,
      [worker],
    );
  /** The server has been up for more than one lease only in name: `pg_postmaster_start_time()` cannot be set. */
  const settled = () =>
    expect
      .poll(
        async () => {
          const { rows } = await admin.query<{ up: boolean }>(
            "select pg_postmaster_start_time() < now() - interval '5.1 seconds' as up",
          );
          return rows[0]?.up;
        },
        { timeout: 10_000 },
      )
      .toBe(true);

  test('runs are whose driver began last; when the last of those workers is gone, the others have them back', async () => {
    const embedded = await start('a', 'embedded');
    const run = await heldBy(embedded);
    const due = await newRun(embedded.stores, await newTenant(embedded.stores));
    const pick = async ({ schedule }: typeof embedded) => (await schedule.pick(10, 0)).map((picked) => picked.run);
    expect(await pick(embedded)).toEqual([due.run]);
    const temporal = await start('b', 'temporal');
    expect(await pick(embedded)).toEqual([]);
    expect(await pick(temporal)).toEqual([due.run]);
    const peer = await start('c', 'temporal');
    expect(await pick(temporal)).toEqual([due.run]);
    await temporal.lease.close();
    expect(await pick(embedded)).toEqual([]);
    await peer.lease.close();
    expect(await pick(embedded)).toEqual([due.run]);
    // What it holds it carries on, whoever drives.
    expect(await temporal.lease.holderOf(run)).toMatchObject({ worker: 'a', why: null });
  });

  test('what the engine is to be told is left to those who have it', async () => {
    const embedded = await start('a', 'embedded');
    const run = await newRun(embedded.stores, await newTenant(embedded.stores));
    await admin.query(
      `insert into holdfast.due (kind, subject, tenant_id, at) values ('engine', $1, $2, holdfast.now_ms())`,
      [run.run, run.tenant],
    );
    const temporal = await start('b', 'temporal');
    expect(await embedded.outbox.pick('engine', 10, 0)).toEqual([]);
    expect(await temporal.outbox.pick('engine', 10, 0)).toMatchObject([{ subject: run.run }]);
  });

  test('tells who holds a run, and whether that worker is dead', async () => {
    const me = await start('me');
    const other = await start('other');
    await settled();
    const run = await heldBy(other);
    expect(await me.lease.holderOf(run)).toMatchObject({ worker: 'other', why: null });
    // The process is gone, not only its session, which would come back.
    await other.stores.database.close();
    opened.splice(opened.indexOf(other.stores), 1);
    await expect.poll(() => me.lease.holderOf(run)).toMatchObject({ worker: 'other', why: 'session-lost' });
    expect(await me.lease.holderOf(await newRun(me.stores, await newTenant(me.stores)))).toBeNull();
  });

  test('tells why no worker begins anything', async () => {
    const stores = await storesOf(await openDatabase(url));
    opened.push(stores);
    const scope = await newTenant(stores);
    const problem = () => stores.api.directory.capacityProblem(scope);
    expect(await problem()).toBe('no_worker');
    const [a, b] = [await start('a', 'temporal'), await start('b', 'temporal')];
    expect(await problem()).toBeNull();
    await a.lease.tellProblem('engine_unavailable');
    expect(await problem()).toBeNull();
    await b.lease.tellProblem('engine_unavailable');
    expect(await problem()).toBe('engine_unavailable');
    await a.lease.tellProblem(null);
    expect(await problem()).toBeNull();
  });

  test('a lease lasts five seconds and is renewed', async () => {
    const startedAt = performance.now();
    const { lease } = await start('me');
    // A slow machine looks a while later.
    expect(lease.remaining()).toBeGreaterThanOrEqual(5_000 - (performance.now() - startedAt));
    expect(lease.remaining()).toBeLessThanOrEqual(5_000);
    const { rows: before } = await admin.query<{ until: string }>('select lease_until as until from holdfast.workers');
    await expect
      .poll(
        async () => {
          const { rows } = await admin.query<{ until: string }>('select lease_until as until from holdfast.workers');
          return Number(rows[0]?.until) - Number(before[0]?.until);
        },
        { timeout: 5_000 },
      )
      .toBeGreaterThan(1_500);
    await lease.close();
    expect(lease.remaining()).toBe(0);
    const { rows } = await admin.query('select from holdfast.workers');
    expect(rows).toEqual([]);
  });

  test('a worker cannot be started twice', async () => {
    await start('me');
    await expect(start('me')).rejects.toThrow('running already');
  });

  test('nobody is dead while all live; a worker that closed gives up its runs at once', async () => {
    const [me, other] = [await start('me'), await start('other')];
    const run = await heldBy(other);
    await settled();
    expect(await me.lease.deadPeers()).toEqual([]);
    await other.lease.close();
    expect(await me.lease.deadPeers()).toMatchObject([{ worker: 'other', runs: [run] }]);
  });

  test('a worker whose session is lost is dead long before its lease ends, and its runs can be taken', async () => {
    const [me, other] = [await start('me'), await start('other')];
    const run = await heldBy(other);
    await settled();
    // The process is gone, not only its session: nothing of it comes back.
    const { database: process } = other.stores;
    await process.close();
    opened.splice(opened.indexOf(other.stores), 1);
    const before = performance.now();
    await expect
      .poll(() => me.lease.deadPeers(), { interval: 10, timeout: 5_000 })
      .toMatchObject([{ worker: 'other', why: 'session-lost', runs: [run] }]);
    expect(performance.now() - before).toBeLessThan(2_000);
    const [dead] = await me.lease.deadPeers();
    // It may still act until its lease ends.
    expect(dead?.leaseUntil).toBeGreaterThan(me.stores.clock.now());
    const takeOver = { worker: 'me', take: { type: 'take-over', from: 'other' } } as const;
    expect(await me.runs.append(appendTo(run, 2, takeOver))).toEqual({ type: 'accepted', head: 3 });
    expect(await me.lease.deadPeers()).toEqual([]);
  });

  test('while a worker has its key, only the end of its lease kills it', async () => {
    const [me, other] = [await start('me'), await start('other')];
    const run = await heldBy(other);
    await settled();
    const takeOver = { worker: 'me', take: { type: 'take-over', from: 'other' } } as const;
    expect(await me.runs.append(appendTo(run, 2, takeOver))).toEqual({ type: 'not-yours' });
    // It may have a new lease before anybody has looked.
    const lookWithoutLease = async () => {
      await admin.query("update holdfast.workers set lease_until = 0 where id = 'other'");
      return me.lease.deadPeers();
    };
    await expect.poll(lookWithoutLease).toMatchObject([{ worker: 'other', why: 'lease-expired', runs: [run] }]);
  });

  test('a worker notices that its lease ran out, and has a new one with a lapse', async () => {
    const { lease } = await start('me');
    if (!('lapses' in lease) || typeof lease.lapses !== 'function') throw new Error('no lapses');
    expect(lease.lapses()).toBe(0);
    await admin.query('update holdfast.workers set lease_until = 0');
    await expect.poll(() => Number((lease as { lapses(): number }).lapses()), { timeout: 5_000 }).toBeGreaterThan(0);
    await expect.poll(() => lease.remaining(), { timeout: 5_000 }).toBeGreaterThan(4_000);
  });

  test('without its session a worker has no time left, until it has its key again', async () => {
    const { lease } = await start('me');
    const seen: number[] = [];
    const watch = setInterval(() => seen.push(lease.remaining()), 1);
    await endDirectSession('me');
    await expect.poll(() => seen.includes(0)).toBe(true);
    await expect.poll(() => lease.remaining(), { timeout: 5_000 }).toBeGreaterThan(4_000);
    clearInterval(watch);
    // Its key is taken by another session while it is away.
    const thief = new pg.Client(url);
    await thief.connect();
    const { rows } = await admin.query<{ key: string }>('select lock_key as key from holdfast.workers');
    await endDirectSession('me');
    await thief.query('select pg_advisory_lock($1)', [rows[0]?.key]);
    await expect.poll(() => lease.remaining()).toBe(0);
    await thief.end();
    await expect.poll(() => lease.remaining(), { timeout: 5_000 }).toBeGreaterThan(4_000);
  });

  test('after a restart of the server nobody is judged until all had time to come back', async () => {
    const [me, other] = [await start('me'), await start('other')];
    const run = await heldBy(other);
    await server.restart();
    const startedAt = performance.now();
    await expect.poll(() => other.lease.remaining(), { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => me.lease.remaining(), { timeout: 10_000 }).toBeGreaterThan(0);
    while (performance.now() - startedAt < 6_000) {
      expect(await me.lease.deadPeers()).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // The holder goes on where it was.
    const projection = projectionOf({ status: 'succeeded' });
    expect(await other.runs.append(appendTo(run, 2, { worker: 'other', release: true, projection }))).toMatchObject({
      type: 'accepted',
    });
  });

  test('the clock is the database’s', async () => {
    const { stores } = await start('me');
    const ahead: number[] = [];
    /** How far it is behind, ms. */
    const lag = async (): Promise<number> => {
      const before = stores.clock.now();
      const { rows } = await admin.query<{ now: string }>('select holdfast.now_ms() as now');
      const after = stores.clock.now();
      const now = Number(rows[0]?.now);
      ahead.push(before - now);
      return now - after;
    };
    // It lags by the round trip of one renewal, which was slow on a busy machine; the next ones bring it closer.
    await expect.poll(lag).toBeLessThanOrEqual(100);
    for (let tries = 0; tries < 20; tries += 1) expect(await lag()).toBeLessThanOrEqual(100);
    // It is never ahead.
    expect(Math.max(...ahead)).toBeLessThanOrEqual(0);
  });
});
