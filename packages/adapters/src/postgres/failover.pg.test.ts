import { appendTo, newRun, newTenant } from '@holdfast/testing';
import { describePostgres, type PostgresServer, startPostgres, startStandby } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { prepare, storesOf } from './open-stores.suite.ts';

describePostgres('a primary and a standby', ({ bin }) => {
  let primary: PostgresServer;
  let standby: PostgresServer;
  beforeAll(async () => {
    primary = await startPostgres({ bin });
    await prepare(primary.url);
    standby = await startStandby({ bin, primary });
  });
  afterAll(async () => {
    await standby?.stop();
    await primary?.stop();
  });

  const both = (...servers: readonly PostgresServer[]): string => {
    const url = new URL(primary.url);
    return `postgres://${url.username}:${url.password}@${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}/postgres`;
  };
  test('a commit that waits for a synchronous standby is not acknowledged when a time limit passes', async () => {
    const patient = await storesOf(await openDatabase(primary.url));
    const run = await newRun(patient, await newTenant(patient));
    const stores = await storesOf(await openDatabase(primary.url, { statementTimeoutMs: 100, appendLimitMs: 1_500 }));
    await primary.query("alter system set synchronous_standby_names = 'nobody'", 'select pg_reload_conf()');
    await expect
      .poll(() => primary.query('show synchronous_standby_names'))
      .toEqual([{ synchronous_standby_names: 'nobody' }]);
    const { runs } = await stores.worker('me');
    await expect(runs.append(appendTo(run, 1, { worker: 'me' }))).rejects.toMatchObject({
      code: 'database_unavailable',
    });
    await primary.query('alter system reset synchronous_standby_names', 'select pg_reload_conf()');
    // It was committed here, and waited.
    await expect.poll(async () => (await patient.api.runs.load(run))?.head).toBe(2);
    await stores.close();
    await patient.close();
  });

  test('of several hosts the one that takes writes is used, and the other one when that changes, without a restart', async () => {
    await expect(openDatabase(standby.url)).rejects.toMatchObject({ code: 'database_read_only' });
    const stores = await storesOf(await openDatabase(both(standby, primary), { poolSize: 3 }));
    const scope = await newTenant(stores);
    const run = await newRun(stores, scope);
    const { runs, lease } = await stores.worker('me');
    await lease.start();
    const ports = (): Promise<unknown[]> =>
      Promise.all(
        [1, 2, 3].map(() =>
          stores.database.connections.lend(async (sql) => {
            const [row] = await sql.query<{ port: number }>("select current_setting('port')::int as port");
            return row?.port;
          }),
        ),
      );
    expect(new Set(await ports())).toEqual(new Set([primary.port]));
    await expect
      .poll(() => primary.query('select sent_lsn = replay_lsn as all from pg_stat_replication'))
      .toEqual([{ all: true }]);

    // It is read-only, and goes on answering reads.
    await primary.query('alter system set default_transaction_read_only = on', 'select pg_reload_conf()');
    await expect
      .poll(() => stores.database.ping().catch((error: unknown) => error))
      .toMatchObject({
        code: 'database_unavailable',
      });
    await standby.query('select pg_promote()');
    await expect.poll(() => stores.database.ping().catch((error: unknown) => error)).toBeUndefined();
    await expect.poll(async () => new Set(await ports())).toEqual(new Set([standby.port]));
    await expect.poll(() => lease.remaining(), { timeout: 20_000 }).toBeGreaterThan(4_000);
    expect(await runs.append(appendTo(run, 1, { worker: 'me' }))).toEqual({ type: 'accepted', head: 2 });
    expect(await standby.query(`select head from holdfast.runs where id = '${run.run}'`)).toEqual([{ head: 2 }]);
    await stores.close();
  });
});
