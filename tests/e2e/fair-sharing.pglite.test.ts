import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ranCli } from './support/run-cli.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-why-'));
  const models = join(folder, 'models.yaml');
  writeFileSync(models, 'models: { big: { base_url: "http://127.0.0.1:9/v1", model: big, runs: 1 } }\n');
  server = await startServer('pglite://memory', { environment: { MODELS_FILE: models, WORKER_CONCURRENCY: '2' } });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (text: string, values: readonly unknown[]) =>
  server.database.connections.lend((sql) => sql.query(text, values));

/** A run of the tenant that is at work as long as the test wants: a row that has its slot. */
const atWork = (tenant: string, { agent = 'other', key, model }: { agent?: string; key?: string; model?: string }) =>
  ask(
    `insert into holdfast.due (kind, subject, tenant_id, agent, concurrency_key, model, at, admitted, reserved_until)
     values ('run', gen_random_uuid(), $1, $2, $3, $4, 0, true, 9999999999999)`,
    [tenant, agent, key ?? null, model ?? null],
  );

/** What the command line says of the run. */
async function shown(key: string, args: readonly string[]): Promise<string> {
  const { code, out } = await ranCli(args, { env: { HOLDFAST_URL: server.url, HOLDFAST_API_KEY: key }, folder });
  expect(code).toBe(0);
  return out;
}

test.each([
  ['concurrency_key', { key: 'k' }, 'Another run with its concurrency key is at work.'],
  ['agent', { agent: 'scribe' }, 'Its agent has as many runs at work as its concurrency allows.'],
  ['model', { model: 'big' }, 'Its model has as many runs at work as the models file allows.'],
  ['tenant', {}, 'All slots of the tenant are taken.'],
] as const)('a run that waits for its %s says so, in data and in words', async (because, beside, words) => {
  const { id, key } = await server.tenant(`waits for ${because}`);
  const agent =
    because === 'model'
      ? { name: 'scribe', model: { name: 'big' } }
      : scribe('scribe', 1, { model: { name: 'rehearsal' }, ...(because === 'agent' ? { concurrency: 1 } : {}) });
  expect((await server.ask(key, 'POST', '/v1/agents', agent)).status).toBe(201);
  if (because === 'tenant') await ask('update holdfast.tenants set slots = 1 where id = $1', [id]);
  await atWork(id, beside);
  const body = { agent: 'scribe', ...(because === 'concurrency_key' ? { concurrency_key: 'k' } : {}) };
  const start = async () => String((await server.ask(key, 'POST', '/v1/runs', body)).json['id']);
  const [first, second] = [await start(), await start()];
  const waits = async (run: string) => (await server.ask(key, 'GET', `/v1/runs/${run}`)).json['waiting_for'];
  const told = (runs: number, detail: string) => [
    { reason: 'capacity', because, ahead: { runs, of_this_tenant: runs, at_least: false }, detail },
  ];
  expect(await waits(first)).toMatchObject(told(0, `${words} It is the next one.`));
  expect(await waits(second)).toMatchObject(told(1, `${words} 1 goes before it.`));
  expect(await shown(key, ['runs', 'show', second])).toContain(`${words} 1 goes before it.`);
  expect(await shown(key, ['runs', 'show', second])).toContain(`capacity (${because})`);
  expect(await shown(key, ['runs', 'list'])).toContain('capacity');
  // It has what it waited for: nothing is to be told any more.
  await ask('delete from holdfast.due where tenant_id = $1 and at = 0', [id]);
  await expect.poll(() => waits(first), { timeout: 20_000 }).not.toMatchObject([{ reason: 'capacity' }]);
});

test('runs of a tenant that has all places make room between two steps, and go on later', async () => {
  const [flood, small] = [await server.tenant('flood'), await server.tenant('small')];
  const agent = (steps: number) => scribe('scribe', steps, { model: { name: 'rehearsal' } });
  for (const [{ key }, steps] of [
    [flood, 400],
    [small, 20],
  ] as const)
    expect((await server.ask(key, 'POST', '/v1/agents', agent(steps))).status).toBe(201);
  const start = async (key: string) =>
    String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
  const statusOf = async (key: string, run: string) => (await server.ask(key, 'GET', `/v1/runs/${run}`)).json['status'];
  const long = [await start(flood.key), await start(flood.key), await start(flood.key)];
  const atWorkNow = () => ask('select from holdfast.runs where tenant_id = $1 and holder is not null', [flood.id]);
  await expect.poll(async () => (await atWorkNow()).length, { timeout: 20_000 }).toBe(2);
  const brief = [await start(small.key), await start(small.key), await start(small.key)];
  for (const run of brief) await expect.poll(() => statusOf(small.key, run), { timeout: 20_000 }).toBe('succeeded');
  // They did not wait for the end of one of the others.
  expect(await Promise.all(long.map((run) => statusOf(flood.key, run)))).not.toContain('succeeded');
  const claims = await ask(`select from holdfast.run_events where tenant_id = $1 and type = 'run.claimed'`, [flood.id]);
  expect(claims.length).toBeGreaterThan(2);
  for (const run of long) await expect.poll(() => statusOf(flood.key, run), { timeout: 60_000 }).toBe('succeeded');
}, 120_000);

test('with no worker a run says that instead', async () => {
  const idle = await startServer('pglite://memory', { worker: false });
  try {
    const { key } = await idle.tenant('idle');
    await idle.ask(key, 'POST', '/v1/agents', scribe('scribe', 1, { model: { name: 'rehearsal' } }));
    const { json } = await idle.ask(key, 'POST', '/v1/runs', { agent: 'scribe' });
    const waits = (await idle.ask(key, 'GET', `/v1/runs/${String(json['id'])}`)).json['waiting_for'];
    expect(waits).toMatchObject([{ because: 'no_worker', detail: 'No worker is running.' }]);
  } finally {
    await idle.close();
  }
});
