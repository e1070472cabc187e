import {
  database,
  describePostgres,
  freePort,
  installedPgBouncer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
  startStandby,
} from '@holdfast/testing/servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { examineDatabase } from './examine-database.ts';
import { prepare } from './open-stores.suite.ts';

describePostgres('what doctor says of a database', ({ bin }) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ bin, fsync: true });
  });
  afterAll(() => server.stop());

  const admin = async (url: string, ...statements: string[]): Promise<void> => {
    const client = new pg.Client(url);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const told = async (
    url: string,
    direct = url,
    poolSize = 10,
    installationId: string | null = null,
  ): Promise<Record<string, string>> => {
    const findings: Record<string, string> = {};
    const secrets = { database: { url, direct, migrate: direct } };
    const config = { installationId, secrets, connections: { poolSize, statementTimeoutMs: 0, lockTimeoutMs: 0 } };
    for await (const { check, level, detail } of examineDatabase(config as Parameters<typeof examineDatabase>[0]))
      findings[check.replace('database ', '')] = `${level} ${detail}`;
    return findings;
  };

  test('all is well, but for the superuser; a pool that is too large is', async () => {
    const { url } = await database(server, prepare);
    expect(await told(url)).toEqual({
      server: expect.stringMatching(/^ok Postgres 1[58]\./) as string,
      tls: 'ok none, on this machine',
      pooler: 'ok none in front',
      durability: 'ok what is committed is on disk',
      connections: 'ok 1 × (10 + 1) = 11 of 97',
      tables: 'ok of this release',
      rights: 'warn postgres is a superuser. Give API and workers logins of their own.',
      restored: expect.stringMatching(/^ok it is not frozen, and belongs to [0-9a-f-]{36}$/) as string,
    });
    expect((await told(url, url, 200))['connections']).toMatch(/^fail 1 × \(200 \+ 1\) = 201 of 97: lower/);
  });

  test('not migrated, not frozen, no rights, frozen, and nothing there', async () => {
    const { url } = await database(server);
    expect((await told(url))['tables']).toMatch(/^fail \d+ migrations are missing: run holdfast migrate$/);
    const { url: made, name } = await database(server, prepare);
    await admin(made, "create role stranger login password 'p'", `grant connect on database ${name} to stranger`);
    const stranger = new URL(made);
    [stranger.username, stranger.password] = ['stranger', 'p'];
    const findings = await told(stranger.href);
    expect(Object.values(findings).at(-1)).toMatch(/^fail .*(may act neither|permission denied)/);
    await admin(made, 'drop owned by stranger', 'drop role stranger');
    const opened = await openDatabase(made);
    await (await opened.owner()).freeze();
    await opened.close();
    expect((await told(made))['restored']).toMatch(
      /^fail it is frozen: nothing begins before holdfast thaw \(holdfast freeze was run\)/,
    );
    const nobody = await told(`postgres://me:secret@127.0.0.1:${await freePort()}/x`);
    expect(Object.values(nobody)).toEqual([expect.stringMatching(/^fail 127\.0\.0\.1:\d+\/x: .*ECONNREFUSED/)]);
    expect(await told('postgres://a/b?sslmode=prefer')).toEqual({
      url: expect.stringMatching(/^fail sslmode must be/) as string,
    });
  });

  test('a cluster whose identity is refused: workers start, and no copy is noticed', async () => {
    const { url } = await database(server, prepare);
    await admin(url, 'revoke execute on function pg_catalog.pg_control_system() from public');
    const opened = await openDatabase(url);
    const { lease } = await opened.worker('a-worker');
    await lease.start();
    expect(lease.remaining()).toBeGreaterThan(0);
    await lease.close();
    expect((await told(url))['restored']).toMatch(/^warn it is not frozen, and a copy .* run holdfast freeze/);
    // As after a move to a service that tells: nothing was known before, so nothing is taken for a copy.
    await admin(url, 'grant execute on function pg_catalog.pg_control_system() to public');
    const again = await opened.worker('another');
    await again.lease.start();
    await again.lease.close();
    await opened.close();
    expect((await told(url, url, 10, 'staging'))['restored']).toMatch(
      /^warn INSTALLATION_ID is staging, and the database belongs to [0-9a-f-]{36}: the first worker freezes it$/,
    );
    expect((await told(url))['restored']).toMatch(/^ok it is not frozen/);
  });

  test('fsync off, a standby that is not synchronous, and the standby itself', async () => {
    const loose = await startPostgres({ bin });
    await prepare(loose.url);
    const standby = await startStandby({ bin, primary: loose });
    const findings = await told(loose.url);
    expect(findings['durability']).toMatch(/^warn fsync, full_page_writes off/);
    expect(findings['replication']).toMatch(/^warn 1 streams, none synchronous/);
    expect((await told(standby.url))['server']).toMatch(/^fail Postgres .* takes no writes/);
    await standby.stop();
    await loose.stop();
  });

  test('of several hosts the first one is away', async () => {
    const { url } = await database(server, prepare);
    const { host } = new URL(url);
    const several = url.replace(host, `127.0.0.1:${await freePort()},${host}`);
    expect((await told(several))['pooler']).toBe('ok none in front');
    expect((await told(url, several))['pooler']).toBe('ok DATABASE_DIRECT_URL goes past it');
  });

  test('a pooler', async () => {
    const { url } = await database(server, prepare);
    const pooler = await startPgBouncer({ bin: installedPgBouncer() ?? '', target: url, poolMode: 'transaction' });
    expect((await told(pooler.url))['pooler']).toMatch(/^warn .*set DATABASE_DIRECT_URL$/);
    expect((await told(pooler.url, url))['pooler']).toBe('ok DATABASE_DIRECT_URL goes past it');
    expect((await told(url, pooler.url))['pooler']).toMatch(/^fail DATABASE_DIRECT_URL goes through a pooler, too/);
    await pooler.stop();
  });
});
