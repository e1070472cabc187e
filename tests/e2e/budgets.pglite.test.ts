import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BudgetResource, budgetResource, type SetBudgetBody } from '@holdfast/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Receiver, startReceiver } from './support/receiver.ts';
import { type Ran, ranCli } from './support/run-cli.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  server = await startServer('pglite://memory', { environment: { OUTBOUND_ALLOW: receiver.host } });
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

let tenants = 0;
const soon = { timeout: 20_000 };

/** A tenant of its own, whose agents say a word. */
async function spender() {
  tenants += 1;
  const { key, id } = await server.tenant(`spender-${tenants}`);
  const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    server.ask(key, method, path, body, headers);
  for (const name of ['sayer', 'other'])
    expect((await ask('POST', '/v1/agents', scribe(name, 1, { rehearsal: [{ say: 'word' }] }))).status).toBe(201);
  const set = (name: string, body: SetBudgetBody) => ask('PUT', `/v1/budgets/${name}`, body);
  const budget = async (name: string): Promise<BudgetResource> =>
    budgetResource.parse((await ask('GET', `/v1/budgets/${name}`)).json);
  const start = async (agent = 'sayer'): Promise<string> =>
    String((await ask('POST', '/v1/runs', { agent })).json['id']);
  const run = async (run: string) => (await ask('GET', `/v1/runs/${run}`)).json;
  const becomes = (id_: string, status: string) =>
    expect.poll(async () => (await run(id_))['status'], soon).toBe(status);
  const waits = (id_: string) =>
    expect.poll(async () => (await run(id_))['waiting_for'], soon).toMatchObject([{ reason: 'budget' }]);
  const types = async (id_: string): Promise<string[]> =>
    ((await ask('GET', `/v1/runs/${id_}/events?limit=1000`)).json['items'] as { type: string }[]).map(
      ({ type }) => type,
    );
  return { key, id, ask, set, budget, start, run, becomes, waits, types };
}

describe('a run', () => {
  test('takes of the budgets that count for it, and what it used is in both once it has ended', async () => {
    const { set, budget, start, becomes, run } = await spender();
    expect((await set('all', { period: 'day', tokens: 1_000_000, cost_usd_micros: 5_000_000 })).status).toBe(200);
    await set('sayers', { agent: 'sayer', period: 'month', time_zone: 'Europe/Berlin', tokens: 1_000_000 });
    await set('others', { agent: 'other', tokens: 1_000_000 });
    const ended = [await start(), await start()];
    for (const each of ended) await becomes(each, 'succeeded');
    const used = (await Promise.all(ended.map(run))).map(
      (each) => each['usage'] as { tokens: number; cost_usd_micros: number },
    );
    const sum = used.reduce((all, { tokens, cost_usd_micros }) => ({
      tokens: all.tokens + tokens,
      cost_usd_micros: all.cost_usd_micros + cost_usd_micros,
    }));
    expect(sum.tokens).toBeGreaterThan(0);
    const nothing = { tokens: 0, cost_usd_micros: 0 };
    expect((await budget('all')).now).toMatchObject({ spent: sum, held: nothing });
    expect((await budget('sayers')).now).toMatchObject({ spent: sum, held: nothing });
    expect((await budget('others')).now).toMatchObject({ spent: nothing, held: nothing });
  });

  test('waits where a budget is short, says why, is among what needs a person, and goes on once it is raised', async () => {
    const { set, start, ask, run, waits, becomes, types } = await spender();
    await set('tight', { tokens: 10, period: 'total' });
    const waiting = await start();
    await waits(waiting);
    expect(await run(waiting)).toMatchObject({ status: 'waiting', waiting_for: [{ ref: 'tight', until: null }] });
    const items = (await ask('GET', '/v1/attention')).json['items'];
    expect(items).toMatchObject([
      {
        run_id: waiting,
        kind: 'budget',
        detail: { budget: 'tight', limit: 'tokens', value: 10, used: 0 },
      },
    ]);
    await set('tight', { tokens: 20, period: 'total' });
    await set('tight', { tokens: 1_000_000, period: 'total' });
    await becomes(waiting, 'succeeded');
    expect(await types(waiting)).toContain('budget.reached');
    expect((await ask('GET', '/v1/attention')).json['items']).toEqual([]);
  });

  test('that waits for a budget goes on when that is deleted, and can be ended', async () => {
    const { set, start, ask, waits, becomes } = await spender();
    await set('tight', { tokens: 10 });
    const [one, two] = [await start(), await start()];
    await waits(one);
    await waits(two);
    expect((await ask('POST', `/v1/runs/${two}/cancel`)).status).toBe(202);
    await becomes(two, 'cancelled');
    expect((await ask('DELETE', '/v1/budgets/tight')).status).toBe(204);
    await becomes(one, 'succeeded');
  });

  test('gets the room that another was woken for and does not take', async () => {
    const { set, start, ask, waits, becomes } = await spender();
    await set('tight', { tokens: 10, period: 'total' });
    const paused = await start();
    await waits(paused);
    const next = await start();
    await waits(next);
    const items = (await ask('GET', '/v1/attention')).json['items'] as { detail: { needed: number } }[];
    expect((await ask('POST', `/v1/runs/${paused}/pause`)).status).toBe(202);
    // For one of them.
    await set('tight', { tokens: items[0]?.detail.needed ?? 0, period: 'total' });
    await becomes(next, 'succeeded');
    await becomes(paused, 'paused');
  });

  test('that waits for a budget can be forked there; the fork waits for itself', async () => {
    const { set, start, ask, waits, becomes } = await spender();
    await set('tight', { tokens: 10, period: 'total' });
    const source = await start();
    await waits(source);
    await ask('POST', `/v1/runs/${source}/cancel`);
    await becomes(source, 'cancelled');
    const { items } = (await ask('GET', `/v1/runs/${source}/events`)).json as {
      items: { seq: number; type: string }[];
    };
    const reached = items.find(({ type }) => type === 'budget.reached')?.seq;
    const forked = await ask('POST', `/v1/runs/${source}/fork`, { at: reached });
    expect(forked.status).toBe(201);
    const fork = String(forked.json['id']);
    await waits(fork);
    await set('tight', { tokens: 1_000_000, period: 'total' });
    await becomes(fork, 'succeeded');
  });

  test('of another agent goes on', async () => {
    const { set, start, waits, becomes } = await spender();
    await set('tight', { agent: 'sayer', cost_usd_micros: 1 });
    await waits(await start('sayer'));
    await becomes(await start('other'), 'succeeded');
  });
});

test('whoever listens to what needs a person hears of a soft threshold, once, and of a budget that is used up', async () => {
  const { set, start, ask, becomes, waits } = await spender();
  await ask('POST', '/v1/webhooks', { url: `${receiver.url}/notices` });
  await set('soft', { period: 'total', tokens: 1_000_000, notice_percent: 1 });
  const heard = (): { type: string; data: { event: { data: unknown } } }[] =>
    receiver.received.filter(({ path }) => path === '/notices').map(({ body }) => JSON.parse(body) as never);
  for (const run of [await start(), await start()]) await becomes(run, 'succeeded');
  await expect
    .poll(
      () =>
        heard()
          .map(({ type }) => type)
          .filter((type) => type.startsWith('budget')),
      soon,
    )
    .toEqual(['budget.noticed']);
  expect(heard().find(({ type }) => type === 'budget.noticed')?.data.event.data).toMatchObject({
    window: { name: 'soft', level: 'tenant' },
    percent: 1,
    limit: 'tokens',
    limit_value: 1_000_000,
  });
  await set('soft', { period: 'total', tokens: 1 });
  await waits(await start());
  await expect.poll(() => heard().at(-1)?.type, soon).toBe('budget.reached');
});

describe('a budget', () => {
  test('is made, read, changed and deleted, each bound to what was read where asked', async () => {
    const { set, budget, ask } = await spender();
    expect(
      (await set('daily', { period: 'day', time_zone: 'Asia/Kathmandu', tokens: 5, notice_percent: 80 })).json,
    ).toMatchObject({
      name: 'daily',
      agent: null,
      tokens: 5,
      cost_usd_micros: null,
      revision: 1,
      now: { spent: { tokens: 0 }, held: { tokens: 0 } },
    });
    const { now } = await budget('daily');
    // Midnight there.
    expect([now.starts_at, now.ends_at].map((time) => time?.slice(11, 16))).toEqual(['18:15', '18:15']);
    const { headers } = await ask('GET', '/v1/budgets/daily');
    const bound = { 'if-match': String(headers.get('etag')) };
    const body = { period: 'day', time_zone: 'Asia/Kathmandu', cost_usd_micros: 7 };
    expect((await ask('PUT', '/v1/budgets/daily', body, bound)).json).toMatchObject({
      tokens: null,
      cost_usd_micros: 7,
      notice_percent: null,
      revision: 2,
    });
    expect((await ask('DELETE', '/v1/budgets/daily', undefined, bound)).status).toBe(412);
    await set('another', { tokens: 1 });
    const names = async (query: string) => {
      const { json } = await ask('GET', `/v1/budgets?limit=1${query}`);
      return [(json['items'] as BudgetResource[]).map(({ name }) => name), json['next_cursor']];
    };
    const [first, cursor] = await names('');
    expect([first, await names(`&cursor=${String(cursor)}`)]).toEqual([['another'], [['daily'], null]]);
    expect((await ask('DELETE', '/v1/budgets/daily')).status).toBe(204);
    expect((await ask('GET', '/v1/budgets/daily')).json).toMatchObject({ code: 'budget_not_found' });
  });

  test.each([
    ['limits nothing', {}, 422, 'validation_failed'],
    ['is of no time zone', { tokens: 1, time_zone: 'Mars/Olympus' }, 422, 'validation_failed'],
    [
      'is of an offset, which Postgres reads the other way round',
      { tokens: 1, time_zone: '+02:00' },
      422,
      'validation_failed',
    ],
    ['is of no agent', { tokens: 1, agent: 'nobody' }, 404, 'agent_not_found'],
  ] as const)('is refused when it %s', async (_, body, status, code) => {
    const { set } = await spender();
    expect(await set('x', body)).toMatchObject({ status, json: { code } });
  });
});

describe('holdfast budgets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const cli = (key: string, ...args: string[]): Promise<Ran> =>
    ranCli(args, { env: { HOLDFAST_URL: server.url, HOLDFAST_API_KEY: key }, folder });

  test('sets, changes only what is given, shows and deletes', async () => {
    const { key, budget } = await spender();
    const set = (...args: string[]) => cli(key, 'budgets', 'set', 'monthly', ...args);
    expect(
      await set('--per', 'month', '--time-zone', 'Europe/Berlin', '--cost-usd', '12.5', '--notice', '80'),
    ).toMatchObject({
      code: 0,
      out: 'monthly: 0 tokens, $0.00 of $12.50 per month\n',
    });
    expect((await set('--tokens', '1000')).out).toBe('monthly: 0 of 1000 tokens, $0.00 of $12.50 per month\n');
    expect(await set('--cost-usd', 'none', '--notice', 'none')).toMatchObject({ code: 0, err: '' });
    expect(await budget('monthly')).toMatchObject({
      time_zone: 'Europe/Berlin',
      tokens: 1_000,
      cost_usd_micros: null,
      notice_percent: null,
      revision: 3,
    });
    expect((await set('--tokens', 'none')).err).toContain('give tokens or cost_usd_micros');
    expect((await cli(key, 'budgets', 'list')).out).toMatch(/^monthly\t\tmonth\t0 of 1000\t\$0\.00\t20/);
    expect((await cli(key, 'budgets', 'get', 'monthly')).out).toContain('per\tmonth, Europe/Berlin\n');
    expect((await cli(key, 'budgets', 'delete', 'monthly')).code).toBe(2);
    expect((await cli(key, 'budgets', 'delete', 'monthly', '--yes')).out).toBe('monthly is deleted\n');
  });

  test('raises a budget by the command that a waiting run names', async () => {
    const { key, ask, set, becomes } = await spender();
    await set('tight', { tokens: 10 });
    // It does not keep whoever started it waiting: it is theirs to raise.
    const { code, err } = await cli(key, 'run', 'sayer');
    expect(code).toBe(3);
    const [{ id: run } = { id: '' }] = (await ask('GET', '/v1/runs')).json['items'] as { id: string }[];
    const [, command] = /(budgets set tight --tokens) N/.exec(err) ?? [];
    expect(command).toBeDefined();
    expect((await cli(key, 'attention')).out).toContain(String(command));
    expect((await cli(key, ...String(command).split(' '), '1000000')).code).toBe(0);
    await becomes(run, 'succeeded');
  });
});
