import { newRun, newTenant, appendTo } from '@holdfast/testing';
import {
  database,
  describePostgres,
  freePort,
  installedPgBouncer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from '@holdfast/testing/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, openDatabase } from './database.ts';
import { schemaState } from './migrate.ts';
import { openOn, prepare, storesOf } from './open-stores.suite.ts';

describePostgres('opening', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin });
  });
  afterAll(() => server.stop());

  const admin = async (url: string, ...statements: string[]): Promise<void> => {
    const client = new pg.Client(url);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const withLogin = (url: string, user: string, password: string): string => {
    const changed = new URL(url);
    changed.username = user;
    changed.password = password;
    return changed.href;
  };

  describe('what cannot be used is said in one line', () => {
    test('nobody listens', async () => {
      const port = await freePort();
      const opening = openDatabase(`postgres://me:secret@127.0.0.1:${port}/x`);
      await expect(opening).rejects.toMatchObject({ code: 'database_unreachable' });
      await expect(opening).rejects.toThrow(/^Postgres at 127\.0\.0\.1:\d+\/x cannot be used: .*ECONNREFUSED[^\n]*$/);
      await expect(opening).rejects.not.toThrow('secret');
    });

    test('a wrong password', async () => {
      const opening = openDatabase(withLogin(server.url, 'postgres', 'wrong'));
      await expect(opening).rejects.toMatchObject({ code: 'database_unreachable' });
      await expect(opening).rejects.toThrow('password authentication failed');
    });

    test('a database that does not exist', async () => {
      const opening = openDatabase(server.url.replace(/\/postgres$/, '/nothing'));
      await expect(opening).rejects.toMatchObject({ code: 'database_unreachable' });
      await expect(opening).rejects.toThrow('does not exist');
    });

    test('a read-only database', async () => {
      const { url, name } = await database(server);
      await admin(url, `alter database ${name} set default_transaction_read_only = on`);
      await expect(openDatabase(url)).rejects.toMatchObject({ code: 'database_read_only' });
    });

    test.each(['mysql://x/y', 'pglite://', 'nonsense'])('the url %s', async (url) => {
      await expect(openDatabase(url)).rejects.toMatchObject({ code: 'database_url_invalid' });
    });

    test('a database that was not migrated', async () => {
      const { url } = await database(server);
      const opened = await openDatabase(url);
      await expect(opened.api()).rejects.toMatchObject({ code: 'database_not_migrated' });
      await opened.close();
    });
  });

  test('settings that break the guarantees are told', async () => {
    const { url, name } = await database(server);
    await admin(url, `alter database ${name} set synchronous_commit = off`);
    const opened = await openDatabase(url);
    expect(opened.warnings.join('\n')).toMatch(/fsync is off[^]*synchronous_commit is off/);
    await opened.close();
  });

  test('migrations run once, also when several processes begin at the same time', async () => {
    const { url } = await database(server);
    const opened = await Promise.all([openDatabase(url), openDatabase(url), openDatabase(url)]);
    const applied = await Promise.all(opened.map((one) => migrate(one)));
    expect(applied.filter(({ length }) => length > 0)).toHaveLength(1);
    expect(await migrate(opened[0] ?? (await openDatabase(url)))).toEqual([]);
    await Promise.all(opened.map((one) => one.close()));
  });

  test('a migration that was changed after it was applied is refused', async () => {
    const { url } = await database(server, prepare);
    await admin(url, "update holdfast.migrations set hash = 'x' where name like '0002%'");
    const opened = await openDatabase(url);
    await expect(migrate(opened)).rejects.toMatchObject({ code: 'migration_changed' });
    await opened.close();
  });

  test('a migrating process that is killed leaves whole migrations, and the next one goes on', async () => {
    // The roles are the server's.
    await database(server, prepare);
    const { url, name } = await database(server);
    const held = new pg.Client(url);
    await held.connect();
    const dying = await openDatabase(url);
    await admin(url, 'create schema holdfast authorization holdfast_owner');
    // A name that 0007 wants is held, so that the process waits in the middle of it.
    await held.query('begin; create table holdfast.secrets (id int)');
    const outcome = migrate(dying).then(
      () => 'done',
      () => 'died',
    );
    const waits = `select pid from pg_stat_activity where datname = '${name}' and wait_event_type = 'Lock'`;
    await expect.poll(async () => (await held.query(waits)).rowCount, { timeout: 10_000 }).toBe(1);
    await held.query(`select pg_terminate_backend(pid) from (${waits}) w`);
    expect(await outcome).toBe('died');
    await held.query('rollback');
    await held.end();
    const opened = await openDatabase(url);
    const before = await schemaState(opened.connections);
    await expect(opened.api()).rejects.toThrow('holdfast migrate');
    expect(before.missing[0]).toMatch(/^0007_/);
    expect(await migrate(opened)).toEqual(before.missing);
    expect(await schemaState(opened.connections)).toEqual({ missing: [], newer: [] });
    for (const one of [dying, opened]) await one.close();
  });

  test('a later release’s tables are taken, unless its migration says that older code cannot work with them', async () => {
    const { url } = await database(server, prepare);
    const note = (name: string): Promise<void> =>
      admin(url, `insert into holdfast.migrations (name, hash) values ('${name}', 'x')`);
    await note('9001_more.sql');
    const opened = await openDatabase(url);
    await opened.api();
    expect(await migrate(opened)).toEqual([]);
    expect(await schemaState(opened.connections)).toEqual({ missing: [], newer: ['9001_more.sql'] });
    await note('9002_other.breaking.sql');
    for (const opening of [() => opened.api(), () => opened.worker('me'), () => migrate(opened)])
      await expect(opening()).rejects.toMatchObject({
        code: 'database_too_new',
        message: expect.stringMatching(/9002_other\.breaking\.sql\. Start the release/) as string,
      });
    await opened.close();
  });

  test('one login that is no superuser, but may create roles and owns the database, does everything', async () => {
    const single = await startPostgres({ bin });
    await admin(single.url, "create role plain login createrole password 'p'", 'create database plain owner plain');
    const url = withLogin(single.url.replace(/\/postgres$/, '/plain'), 'plain', 'p');
    const opened = await openDatabase(url);
    expect(await migrate(opened)).not.toEqual([]);
    const stores = await storesOf(opened);
    const run = await newRun(stores, await newTenant(stores));
    const { runs, schedule, lease } = await stores.worker('me');
    await lease.start();
    expect(await schedule.pick(1, 0)).toHaveLength(1);
    expect(await runs.append(appendTo(run, 1, { worker: 'me', take: { type: 'claim' } }))).toMatchObject({ head: 2 });
    await lease.close();
    await stores.close();
    await single.stop();
  });

  test('four logins, each for its own part', async () => {
    const four = await startPostgres({ bin });
    const roles = ['holdfast_owner', 'holdfast_api', 'holdfast_worker'];
    await admin(
      four.url,
      'create role holdfast_engine nologin',
      ...roles.map((role) => `create role ${role} login password 'p'`),
      'grant holdfast_engine to holdfast_owner',
      'create database four owner holdfast_owner',
    );
    const url = (role: string): string => withLogin(four.url.replace(/\/postgres$/, '/four'), role, 'p');
    const [api, worker] = [await openDatabase(url('holdfast_api')), await openDatabase(url('holdfast_worker'))];
    const owner = await openDatabase(url('holdfast_owner'));
    expect(await migrate(api, { url: url('holdfast_owner') })).not.toEqual([]);
    await expect(api.worker('me')).rejects.toMatchObject({ code: 'database_role_missing' });
    await expect(worker.owner()).rejects.toMatchObject({ code: 'database_role_missing' });
    const stores = {
      ...(await storesOf(await openDatabase(four.url.replace(/\/postgres$/, '/four')))),
      api: await api.api(),
      installation: await owner.owner(),
    };
    const run = await newRun(stores, await newTenant(stores));
    const { runs, schedule, lease } = await worker.worker('me');
    await lease.start();
    expect(await schedule.pick(1, 0)).toHaveLength(1);
    expect(await runs.append(appendTo(run, 1, { worker: 'me', take: { type: 'claim' } }))).toMatchObject({ head: 2 });
    expect(await stores.api.runs.append(appendTo(run, 2))).toMatchObject({ head: 3 });
    expect(await lease.deadPeers()).toEqual([]);
    expect(await stores.api.directory.heads([run])).toEqual([{ ...run, head: 3 }]);
    await lease.close();
    for (const opened of [api, worker, owner, stores]) await opened.close();
    await four.stop();
  });

  const bouncer = installedPgBouncer();
  describe.skipIf(bouncer === undefined)('behind a pooler', () => {
    test('the pooler is noticed; with a direct url all is well', async () => {
      const { url } = await database(server, prepare);
      const pooler = await startPgBouncer({ bin: bouncer ?? '', target: url, poolMode: 'transaction' });
      const behind = await openDatabase(pooler.url);
      expect(behind.warnings.join('\n')).toContain('DATABASE_DIRECT_URL');
      await expect(migrate(behind)).rejects.toMatchObject({ code: 'database_behind_pooler' });
      const past = await openDatabase(pooler.url, { directUrl: url });
      expect(past.warnings.join('\n')).not.toContain('DATABASE_DIRECT_URL');
      for (const opened of [behind, past]) {
        const stores = await storesOf(opened);
        const run = await newRun(stores, await newTenant(stores));
        const { runs, schedule, lease } = await stores.worker(opened === past ? 'past' : 'behind');
        await lease.start();
        await expect.poll(() => lease.remaining()).toBeGreaterThan(4_000);
        expect(await schedule.pick(1, 60_000)).toHaveLength(1);
        const take = { worker: lease.worker, take: { type: 'claim' } } as const;
        expect(await runs.append(appendTo(run, 1, take))).toMatchObject({ type: 'accepted' });
        // Kept statements would be another server process's.
        for (let round = 0; round < 12; round += 1) {
          const views = await Promise.all([1, 2, 3].map(() => stores.api.directory.view(run)));
          expect(views.map((view) => view?.last.seq)).toEqual([2, 2, 2]);
        }
        const asked = { key: 'k', principal: 'p', route: 'r', bodyHash: 'h' };
        const once = () =>
          stores.api.transactions.once({ tenant: run.tenant }, asked, () =>
            Promise.resolve({ status: 201, body: '1' }),
          );
        expect([await once(), await once()].map(({ type }) => type)).toEqual(['first', 'repeated']);
      }
      // Without a session lock of its own, the one behind the pooler is judged by its lease only.
      const watcher = await openOn(server);
      await watcher.close();
      await behind.close();
      await past.close();
      await pooler.stop();
    });
  });
});
