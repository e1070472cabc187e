import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describePostgres, database, type PostgresServer, startPostgres } from './index.ts';

describePostgres('startPostgres', ({ name, bin }) => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ bin, settings: { max_connections: '37' } });
  });
  afterAll(() => server?.stop());

  test('runs the version and the settings asked for', async () => {
    expect(await value(server.url, 'show server_version')).toMatch(new RegExp(`^${name}\\.`));
    expect(await value(server.url, 'show max_connections')).toBe('37');
    expect(await value(server.url, 'show fsync')).toBe('off');
  });

  test('keeps what was committed through a kill', async () => {
    await value(server.url, 'create table kept (n int)');
    await value(server.url, 'insert into kept values (7)');
    await server.kill();
    await expect(value(server.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    expect(await value(server.url, 'select n from kept')).toBe(7);
  });

  test('restarts on the same port', async () => {
    const before = await value(server.url, 'select pg_postmaster_start_time()::text');
    await server.restart();
    expect(await value(server.url, 'select pg_postmaster_start_time()::text')).not.toBe(before);
  });

  test('gives each database() its own copy of what was prepared once', async () => {
    let prepared = 0;
    const prepare = async (url: string): Promise<void> => {
      prepared += 1;
      await value(url, 'create table t as select 1 as n');
    };
    const [first, second] = await Promise.all([database(server, prepare), database(server, prepare)]);
    await value(first.url, 'update t set n = 2');
    expect(prepared).toBe(1);
    expect(await value(first.url, 'select n from t')).toBe(2);
    expect(await value(second.url, 'select n from t')).toBe(1);
    await first.drop();
    await expect(value(first.url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
  });

  test('stop removes the data', async () => {
    const other = await startPostgres({ bin, fsync: true });
    expect(await value(other.url, 'show fsync')).toBe('on');
    await other.stop();
    expect(existsSync(dirname(other.log))).toBe(false);
  });

  test('ends with the process that started it, even after SIGKILL', async () => {
    const script = `
      import { startPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)};
      const server = await startPostgres({ bin: ${JSON.stringify(bin)} });
      console.log(server.url + ' ' + server.log);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const [url = '', log = ''] = line.toString().trim().split(' ');
    expect(await value(url, 'select 1 as n')).toBe(1);
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(dirname(log))).toBe(false), { timeout: 20_000, interval: 50 });
    await expect(value(url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });
});

/** The first column of the first row. */
async function value(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}
