import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { newRun, newTenant } from '@holdfast/testing';
import {
  database,
  describePostgres,
  type Certificates,
  makeCertificates,
  type PostgresServer,
  startPostgres,
} from '@holdfast/testing/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { type OpenedStores, prepare, storesOf } from './open-stores.suite.ts';
import { openPool } from './pool.ts';
import { targetOf } from './target.ts';
import { scopedTransactions } from './tenant-scope.ts';

describePostgres('connections', ({ bin, name }) => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres({ bin });
    ({ url } = await database(server, prepare));
  });
  afterAll(() => server.stop());

  /** By another that has the usual limits: a slow machine takes longer for it than the impatient ones have. */
  const made = async <Made>(make: (stores: OpenedStores) => Promise<Made>): Promise<Made> => {
    const stores = await storesOf(await openDatabase(url));
    try {
      return await make(stores);
    } finally {
      await stores.close();
    }
  };

  const asked = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> => {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  };

  test('are seen by the names of their programs, cut at the beginning of the host’s name', async () => {
    const instance = `${'host'.repeat(20)}-4711-${randomBytes(4).toString('hex')}`;
    const opened = await openDatabase(url, { program: 'holdfast-worker', instance });
    const names = await asked<{ name: string }>(
      "select application_name as name from pg_stat_activity where application_name like 'holdfast%' order by 1",
    );
    expect(names.map((row) => row.name)).toEqual([
      `holdfast-worker ${instance.slice(-47)}`,
      `holdfast-worker-direct ${instance.slice(-40)}`,
    ]);
    await opened.close();
  });

  test('a statement that takes too long, or waits too long for a lock, leaves nothing and a busy database', async () => {
    const run = await made(async (stores) => newRun(stores, await newTenant(stores)));
    const opened = await openDatabase(url, { statementTimeoutMs: 200, lockTimeoutMs: 100, poolSize: 2 });
    const stores = await storesOf(opened);
    await expect(opened.connections.lend((sql) => sql.query('select pg_sleep(5)'))).rejects.toMatchObject({
      code: 'database_busy',
    });
    const holder = new pg.Client(url);
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from holdfast.runs where id = $1 for update', [run.run]);
    const waiting = stores.api.directory.lock(run);
    await expect(waiting).rejects.toMatchObject({ code: 'database_busy' });
    await holder.query('rollback');
    await holder.end();
    // Nothing is left open, and the connections are good.
    expect((await stores.api.directory.view(run))?.last.seq).toBe(1);
    expect(await asked("select from pg_stat_activity where state like 'idle in transaction%'")).toEqual([]);
    await opened.close();
  });

  test('what is given more time has it in the server, too', async () => {
    const { tenant } = await made(newTenant);
    const opened = await openDatabase(url, { statementTimeoutMs: 100, poolSize: 2 });
    const scoped = scopedTransactions(opened.connections, null);
    const slow = (limitMs?: number) => scoped.in({ tenant }, (sql) => sql.query('select pg_sleep(0.3)'), limitMs);
    await expect(slow()).rejects.toMatchObject({ code: 'database_busy' });
    expect(await slow(5_000)).toHaveLength(1);
    await opened.close();
  });

  test('a transaction in which nothing happens is ended by the server', async () => {
    const opened = await openDatabase(url, { statementTimeoutMs: 200, poolSize: 2 });
    const idle = opened.connections.lend(async (sql) => {
      await sql.query('begin');
      await expect
        .poll(() => asked("select from pg_stat_activity where state like 'idle in transaction%'"))
        .toHaveLength(0);
      await sql.query('commit');
    });
    await expect(idle).rejects.toMatchObject({ code: 'database_unavailable' });
    await opened.ping();
    await opened.close();
  });

  test('all in use for too long is a busy database that names the setting', async () => {
    const opened = await openDatabase(url, { poolSize: 1 });
    let end = (): void => undefined;
    const holding = opened.connections.lend(() => new Promise<void>((resolve) => (end = resolve)));
    await expect(opened.connections.lend((sql) => sql.query('select 1'))).rejects.toThrow('DATABASE_POOL_SIZE');
    end();
    await holding;
    await opened.close();
  }, 20_000);

  test('a server that swallows what it is sent is no busy one, and the next host is asked', async () => {
    const swallowing = createServer((socket) => void socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => swallowing.listen(0, '127.0.0.1', () => resolve()));
    const address = swallowing.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const [alone, both] = [new URL(url), `127.0.0.1:${address.port},${new URL(url).host}`];
    alone.port = String(address.port);
    const pools = [alone.href, url.replace(new URL(url).host, both)].map((at) =>
      openPool(targetOf(at), { size: 1, applicationName: 'holdfast-test' }),
    );
    // The second of each waits for the connection that the first one does not get.
    const asking = pools.map((pool) =>
      Promise.allSettled([1, 2].map((what) => pool.lend((sql) => sql.query(`select ${what} as what`)))),
    );
    const [unanswered, answered] = await Promise.all(asking);
    for (const outcome of unanswered ?? [])
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'database_unavailable' } });
    expect(answered).toMatchObject([{ value: [{ what: 1 }] }, { value: [{ what: 2 }] }]);
    for (const pool of pools) await pool.close();
    await new Promise((resolve) => swallowing.close(resolve));
  }, 30_000);

  // The wheel's Postgres is built without OpenSSL.
  const withTls = name === '15' ? describe : (_suite: string, _cases: () => void): void => undefined;
  withTls('TLS', () => {
    let secure: PostgresServer;
    let files: Certificates;
    beforeAll(async () => {
      files = makeCertificates();
      secure = await startPostgres({
        bin,
        settings: {
          ssl: 'on',
          ssl_cert_file: files.server.cert,
          ssl_key_file: files.server.key,
          ssl_ca_file: files.ca,
        },
        hba: [
          'host all postgres all scram-sha-256',
          'hostssl all certified all cert',
          'hostssl all named all scram-sha-256',
        ],
      });
      const admin = new pg.Client(secure.url);
      await admin.connect();
      await admin.query("create role certified login; create role named login password 'p'");
      await admin.end();
    });
    afterAll(async () => {
      await secure?.stop();
      files?.remove();
    });

    const to = (host: string, parameters: Record<string, string>, user = 'named'): string => {
      const at = new URL(secure.url);
      at.hostname = host;
      at.username = user;
      at.password = user === 'named' ? 'p' : '';
      for (const [key, value] of Object.entries(parameters)) at.searchParams.set(key, value);
      return at.href;
    };
    const encrypted = async (at: string): Promise<boolean> => {
      const opened = await openDatabase(at);
      try {
        const [row] = await opened.connections.lend((sql) =>
          sql.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()'),
        );
        return row?.ssl === true;
      } finally {
        await opened.close();
      }
    };

    test.each([
      ['nothing', 'localhost', () => ({}), /no encryption/],
      ['disable', 'localhost', () => ({ sslmode: 'disable' }), /no encryption/],
      ['require', 'localhost', () => ({ sslmode: 'require' }), null],
      [
        'require and another authority',
        'localhost',
        () => ({ sslmode: 'require', sslrootcert: files.otherCa }),
        /certificate/,
      ],
      ['verify-ca by an address', '127.0.0.1', () => ({ sslmode: 'verify-ca', sslrootcert: files.ca }), null],
      [
        'verify-ca of another',
        'localhost',
        () => ({ sslmode: 'verify-ca', sslrootcert: files.otherCa }),
        /certificate/,
      ],
      ['verify-full', 'localhost', () => ({ sslmode: 'verify-full', sslrootcert: files.ca }), null],
      [
        'verify-full by an address that is not in it',
        '127.0.0.1',
        () => ({ sslmode: 'verify-full', sslrootcert: files.ca }),
        /127\.0\.0\.1/,
      ],
      ['verify-full without the authority', 'localhost', () => ({ sslmode: 'verify-full' }), /certificate/],
      ['verify-ca without the authority', 'localhost', () => ({ sslmode: 'verify-ca' }), /needs sslrootcert/],
      ['prefer', 'localhost', () => ({ sslmode: 'prefer' }), /must be disable, require, verify-ca or verify-full/],
      [
        'a file that is not there',
        'localhost',
        () => ({ sslmode: 'verify-full', sslrootcert: '/nothing' }),
        /cannot be read/,
      ],
    ] as const)('%s at %s', async (_mode, host, parameters, refused) => {
      const opening = encrypted(to(host, { ...parameters() }));
      if (refused === null) expect(await opening).toBe(true);
      else await expect(opening).rejects.toThrow(refused);
    });

    test('a certificate is who we are', async () => {
      const certified = { sslmode: 'verify-full', sslrootcert: files.ca };
      const { cert, key } = files.client;
      expect(await encrypted(to('localhost', { ...certified, sslcert: cert, sslkey: key }, 'certified'))).toBe(true);
      await expect(encrypted(to('localhost', certified, 'certified'))).rejects.toThrow(/certificate/);
    });
  });
});
