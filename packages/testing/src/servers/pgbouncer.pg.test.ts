import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  describePostgres,
  installedPgBouncer,
  type PgBouncer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from './index.ts';

describePostgres('startPgBouncer', ({ bin }) => {
  let server: PostgresServer;
  let pooler: PgBouncer;

  beforeAll(async () => {
    const program = installedPgBouncer();
    if (program === undefined) throw new Error('PgBouncer is not installed: bash scripts/servers.sh install');
    server = await startPostgres({ bin });
    pooler = await startPgBouncer({ bin: program, target: server.url, poolMode: 'transaction', poolSize: 1 });
  });
  afterAll(async () => {
    await pooler?.stop();
    await server?.stop();
  });

  test('in transaction mode, two clients share one server session', async () => {
    const one = await connect(pooler.url);
    const two = await connect(pooler.url);
    const pid = 'select pg_catalog.pg_backend_pid() as pid';
    expect((await one.query(pid)).rows).toEqual((await two.query(pid)).rows);
    await one.end();
    await two.end();
  });

  test('lets in other users of the server with their own password, and refuses a wrong one', async () => {
    const admin = await connect(server.url);
    await admin.query(`create role guest login password 'secret'`);
    await admin.end();
    const url = new URL(pooler.url);
    url.username = 'guest';
    url.password = 'secret';
    const guest = await connect(url.href);
    expect((await guest.query('select current_user as name')).rows).toEqual([{ name: 'guest' }]);
    await guest.end();
    url.password = 'wrong';
    await expect(connect(url.href)).rejects.toThrow(/password|SASL/i);
  });
});

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
