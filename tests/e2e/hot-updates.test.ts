import { database, describePostgres, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

const STEPS = 150;

describePostgres('steps of a run', ({ bin }) => {
  let postgres: PostgresServer;
  let server: TestServer;

  beforeAll(async () => {
    postgres = await startPostgres({ bin });
    server = await startServer((await database(postgres)).url);
  });
  afterAll(async () => {
    await server.close();
    await postgres.stop();
  });

  const counted = async (): Promise<{ updates: number; hot: number }> => {
    const rows = await server.database.connections.lend((sql) =>
      sql.query<{ updates: number; hot: number }>(
        "select n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'runs'",
      ),
    );
    return rows[0] ?? { updates: 0, hot: 0 };
  };

  test('at least 95 % of what a worker writes to the row of a run that has everything is a HOT update', async () => {
    const { key } = await server.tenant('mine');
    const ask = (method: string, path: string, body?: unknown) => server.ask(key, method, path, body);
    await ask('POST', '/v1/agents', scribe('scribe', STEPS, { concurrency: 5 }));
    const thread = String((await ask('POST', '/v1/threads')).json['id']);
    const started = await ask('POST', '/v1/runs', {
      agent: 'scribe',
      thread,
      tags: ['a', 'b'],
      metadata: { team: 'a' },
      concurrency_key: 'k',
      priority: 3,
    });
    expect(started.status).toBe(201);
    const run = `/v1/runs/${String(started.json['id'])}`;
    await ask('POST', `${run}/messages`, { content: 'hurry', mode: 'steer' });
    await expect.poll(async () => (await ask('GET', run)).json['status'], { timeout: 40_000 }).toBe('succeeded');
    // Sessions tell the statistics once a second.
    await expect.poll(async () => (await counted()).updates, { timeout: 20_000 }).toBeGreaterThan(2 * STEPS);
    const { updates, hot } = await counted();
    // oxlint-disable-next-line eslint/no-console
    console.info(`HOT: ${hot} of ${updates} updates of runs (${((100 * hot) / updates).toFixed(1)} %)`);
    expect(hot / updates).toBeGreaterThanOrEqual(0.95);
  });
});
