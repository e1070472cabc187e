import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseUnavailable, type Hint, type TokenIdentity } from '@holdfast/core';
import { appendTo, newRun, newTenant } from '@holdfast/testing';
import { database, describePostgres, startPostgres } from '@holdfast/testing/servers';
import pg from 'pg';
import { expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { prepare, storesOf } from './open-stores.suite.ts';

describePostgres('a database that is gone', ({ bin }) => {
  test('every store says so, and goes on when it is back; no acknowledged append is lost', async () => {
    const server = await startPostgres({ bin });
    const { url } = await database(server, prepare);
    const stores = await storesOf(await openDatabase(url));
    const scope = await newTenant(stores);
    const run = await newRun(stores, scope);
    const { runs, schedule, lease } = await stores.worker('me');
    await lease.start();
    const starred: Hint['about'][] = [];
    stores.hints.subscribe(({ about }) => starred.push(about));
    expect(await runs.append(appendTo(run, 1, { worker: 'me' }))).toMatchObject({ type: 'accepted' });

    await server.kill();
    const attempts = [
      runs.append(appendTo(run, 2, { worker: 'me' })),
      runs.load(run),
      schedule.pick(1, 1),
      stores.api.runs.append(appendTo(run, 2)),
      stores.api.directory.list(scope, {}, null, 10),
      stores.api.transactions.run(scope, async ({ runs: inside }) => inside.load(run)),
      stores.database.ping(),
    ];
    for (const outcome of await Promise.allSettled(attempts)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(DatabaseUnavailable) });
    }
    await expect.poll(() => lease.remaining()).toBe(0);
    starred.length = 0;
    await server.restart();
    await expect
      .poll(
        () =>
          stores.database.ping().then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    const head = (await runs.load(run))?.head ?? 0;
    expect(head).toBeGreaterThanOrEqual(2);
    expect(await runs.append(appendTo(run, head, { worker: 'me' }))).toEqual({ type: 'accepted', head: head + 1 });
    // Whoever listens is told to look at everything.
    await expect.poll(() => starred, { timeout: 10_000 }).toContain('everything');
    await expect.poll(() => lease.remaining(), { timeout: 10_000 }).toBeGreaterThan(4_000);
    await stores.close();
    await server.stop();
  });

  test('a server that does not answer: the append is cut off by its socket, and its outcome is in the log', async () => {
    const server = await startPostgres({ bin });
    const { url } = await database(server, prepare);
    const patient = await storesOf(await openDatabase(url));
    const run = await newRun(patient, await newTenant(patient));
    await (await patient.worker('other')).runs.append(appendTo(run, 1, { worker: 'other' }));
    await patient.close();
    const stores = await storesOf(await openDatabase(url, { appendLimitMs: 500 }));
    const { runs } = await stores.worker('me');
    // A lock on the table holds the append up inside the server, as a stalled disk would.
    const blocker = new pg.Client(url);
    await blocker.connect();
    await blocker.query('begin; lock table holdfast.run_events in exclusive mode');
    const append = appendTo(run, 2, { worker: 'me' });
    const before = performance.now();
    await expect(runs.append(append)).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(performance.now() - before).toBeLessThan(3_000);
    await blocker.query('commit');
    await blocker.end();
    // Nothing was cancelled: the server carried it out, and the caller finds its own id.
    await expect.poll(async () => (await runs.load(run))?.head, { timeout: 10_000 }).toBe(3);
    expect((await runs.eventsAfter(run, 2, 1))[0]?.appendId).toBe(append.id);
    expect(await runs.append(append)).toEqual({ type: 'refused', head: 3 });
    await stores.close();
    await server.stop();
  });

  test('a server that became read-only is not available', async () => {
    const server = await startPostgres({ bin });
    const { url, name } = await database(server, prepare);
    const stores = await storesOf(await openDatabase(url, { poolSize: 1 }));
    const run = await newRun(stores, await newTenant(stores));
    const { runs } = await stores.worker('me');
    // Known here, and not.
    const [ada, bob] = [tokenOf('ada'), tokenOf('bob')];
    const enter = (identity: TokenIdentity, name: string) =>
      stores.api.entrance.enter(
        { ...identity, name },
        { externalId: null, name: 'acme', roles: [] },
        { slots: 5, only: null, ids: { tenant: randomUUID(), member: randomUUID() } },
      );
    const entered = await enter(ada, 'Ada');
    const admin = new pg.Client(url);
    await admin.connect();
    await admin.query(`alter database ${name} set default_transaction_read_only = on`);
    await admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await expect
      .poll(() => runs.append(appendTo(run, 1, { worker: 'me' })).catch((error: unknown) => String(error)), {
        timeout: 10_000,
      })
      .toContain('read-only transaction');
    await expect(stores.database.ping()).rejects.toMatchObject({ code: 'database_unavailable' });
    await expect(runs.append(appendTo(run, 1, { worker: 'me' }))).rejects.toMatchObject({
      code: 'database_unavailable',
    });
    // Nothing is noted, and whether somebody else may become a member cannot be said.
    expect(await enter(ada, 'Ada Lovelace')).toEqual(entered);
    await expect(enter(bob, 'Bob')).rejects.toMatchObject({ code: 'database_unavailable' });
    await admin.end();
    await stores.close();
    await server.stop();
  });

  test('a server that became a standby is not available', async () => {
    const server = await startPostgres({ bin });
    const { url } = await database(server, prepare);
    const opened = await openDatabase(url);
    await opened.ping();
    const [row] = await opened.connections.lend((sql) => sql.query<{ data_directory: string }>('show data_directory'));
    await server.kill();
    writeFileSync(join(row?.data_directory ?? '', 'standby.signal'), '', { mode: 0o666 });
    await server.restart();
    const ping = (): Promise<string> => opened.ping().then(() => 'ready', String);
    await expect.poll(ping, { timeout: 10_000 }).toContain('standby');
    await expect(opened.ping()).rejects.toMatchObject({ code: 'database_unavailable' });
    await opened.close();
    await server.stop();
  });
});

const tokenOf = (subject: string): TokenIdentity => ({
  issuer: 'https://id.example.com',
  subject,
  kind: 'person',
  name: null,
  email: null,
  tenants: [],
  platformAdmin: false,
  session: null,
  expiresAt: 0,
});
