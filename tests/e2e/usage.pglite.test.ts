import type { UsagePage } from '@holdfast/contracts';
import { parseKey } from '@holdfast/core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ranCli } from './support/run-cli.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let tenant: string;
let key: string;
let other: string;
const runs: string[] = [];
const soon = { timeout: 20_000 };

/** A run with a child, one that is cancelled while its model speaks, one of another key, and a fork. */
beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ id: tenant, key } = await server.tenant('used'));
  other = await server.key(tenant, ['operator']);
  const publish = (name: string, more: object) => ask('POST', '/v1/agents', scribe(name, 1, more));
  await publish('sayer', { rehearsal: [{ say: 'word' }] });
  await publish('asker', {
    tools: [{ agent: 'sayer' }],
    rehearsal: [{ calls: [{ tool: 'sayer', args: { input: 'say' } }] }, { say: 'said' }],
  });
  await publish('slow', { rehearsal: [{ say: 'much', delay: '10m' }] });
  const parent = await start('asker');
  const ended = await start('sayer');
  await start('sayer', other);
  const slow = await start('slow', other);
  await reached('running', 1);
  await ask('POST', `/v1/runs/${slow}/cancel`);
  await reached('cancelled', 1);
  await reached('succeeded', 4);
  const fork = await ask('POST', `/v1/runs/${ended}/rerun`, {});
  await reached('succeeded', 5);
  runs.push(...(await every()).map(({ id }) => id));
  expect(runs).toContain(fork.json['id']);
  expect(runs).toContain(parent);
});
afterAll(() => server.close());

const ask = (method: string, path: string, body?: unknown, as = key) => server.ask(as, method, path, body);
const start = async (agent: string, as = key) => String((await ask('POST', '/v1/runs', { agent }, as)).json['id']);
const every = async () => (await ask('GET', '/v1/runs?limit=200')).json['items'] as { id: string; status: string }[];
const reached = (status: string, count: number) =>
  vi.waitUntil(async () => (await every()).filter((run) => run.status === status).length === count, soon);
const usage = async (query = ''): Promise<UsagePage['items']> =>
  ((await ask('GET', `/v1/usage${query}`)).json as UsagePage).items;

interface Charged {
  readonly seq: number;
  readonly data: { readonly charge?: { model: string; tokens: number; cost_usd_micros: number } | null };
}

/** By the events themselves, those that a fork copied left out. */
async function charges(run: string) {
  const { forked_from: from } = (await ask('GET', `/v1/runs/${run}`)).json as { forked_from: { seq: number } | null };
  const events = (await ask('GET', `/v1/runs/${run}/events?limit=1000`)).json['items'] as Charged[];
  return events.filter(({ seq }) => seq > (from?.seq ?? 0)).flatMap(({ data }) => data.charge ?? []);
}

interface Sums {
  calls: number;
  tokens: number;
  cost: number;
}
const sumsOf = (items: readonly { calls: number; tokens: number; cost_usd_micros: number }[]): Sums =>
  items.reduce(
    (sum, { calls, tokens, cost_usd_micros }) => ({
      calls: sum.calls + calls,
      tokens: sum.tokens + tokens,
      cost: sum.cost + cost_usd_micros,
    }),
    { calls: 0, tokens: 0, cost: 0 },
  );

test('adds up to the events exactly, whatever it is grouped by, also once runs were deleted', async () => {
  const of = (await Promise.all(runs.map(charges))).flat().map((charge) => ({ ...charge, calls: 1 }));
  const wanted = sumsOf(of);
  expect(wanted.calls).toBeGreaterThan(5);
  expect(wanted.tokens).toBeGreaterThan(0);
  const groups = ['agent', 'model', 'person', 'day', 'none'];
  const all = () => Promise.all(groups.map((by) => usage(`?group_by=${by}`)));
  const before = await all();
  for (const items of before) expect(sumsOf(items)).toEqual(wanted);
  for (const [index, items] of before.entries())
    if (groups[index] !== 'model') expect(items.reduce((sum, { runs: of_ }) => sum + (of_ ?? 0), 0)).toBe(runs.length);
  for (const run of await every().then((list) => list.map(({ id }) => id))) await ask('DELETE', `/v1/runs/${run}`);
  expect(await every()).toEqual([]);
  expect(await all()).toEqual(before);
});

test('counts what a run has started for whoever started that run', async () => {
  const [mine, theirs] = [key, other].map((text) => `api-key:${parseKey(text)?.id ?? ''}`);
  const people = await usage('?group_by=person');
  // The parent with its child, a run, and the fork of that.
  expect(people.find(({ group }) => group === mine)).toMatchObject({ runs: 4 });
  expect(people.find(({ group }) => group === theirs)).toMatchObject({ runs: 2 });
  expect(people).toHaveLength(2);
});

test('counts a call whose answer was lost by its reservation', async () => {
  const [cut] = await usage('?agent=slow');
  expect(cut).toMatchObject({ runs: 1, calls: 1 });
  expect(cut?.tokens).toBeGreaterThan(1_000);
});

test('prices have versions: a change is for calls that begin after it, and each call names its own', async () => {
  const { prices } = server.api.ports;
  const { key: own } = await server.tenant('priced');
  await ask('POST', '/v1/agents', scribe('sayer', 1, { rehearsal: [{ say: 'word' }] }), own);
  const one = await server.ask(own, 'POST', '/v1/runs', { agent: 'sayer' }, { prefer: 'wait=20' });
  const dear = { input_per_mtok: 7_000_000, output_per_mtok: 9_000_000 };
  await prices.record(new Map([['default', dear]]));
  const first = { input_per_mtok: 1_000_000, output_per_mtok: 4_000_000 };
  const price = async (text: string) => {
    const run = await server.ask(own, 'POST', '/v1/runs', { agent: 'sayer' }, { prefer: 'wait=20' });
    const events = (await server.ask(own, 'GET', `/v1/runs/${String(run.json['id'])}/events`)).text;
    return events.includes(text);
  };
  await vi.waitUntil(() => price('"price_version":2'), soon);
  const events = (await server.ask(own, 'GET', `/v1/runs/${String(one.json['id'])}/events`)).text;
  expect(events).toContain('"price_version":1');
  const { items } = (await server.ask(own, 'GET', '/v1/model-prices?limit=1')).json as {
    items: object[];
  };
  expect(items).toMatchObject([{ model: 'default', version: 2, prices: dear }]);
  const all = (await server.ask(own, 'GET', '/v1/model-prices?model=default')).json['items'];
  expect(all).toMatchObject([{ version: 2 }, { version: 1, prices: first }]);
});

test('is CSV where that is asked for, by the command line too', async () => {
  const items = await usage('?group_by=model');
  const wanted = [
    'model,runs,calls,tokens,cost_usd_micros',
    ...items.map(({ group, calls, tokens, cost_usd_micros }) => `${group},,${calls},${tokens},${cost_usd_micros}`),
    '',
  ].join('\r\n');
  const answer = await ask('GET', '/v1/usage?group_by=model&format=csv');
  expect(answer).toMatchObject({ status: 200, type: 'text/csv; charset=utf-8', text: wanted });
  const cli = (...args: string[]) =>
    ranCli(['usage', ...args], { env: { HOLDFAST_URL: server.url, HOLDFAST_API_KEY: key } });
  expect(await cli('--by', 'model', '--csv')).toEqual({ code: 0, out: wanted, err: '' });
  const { code, out } = await cli('--by', 'model');
  expect(code).toBe(0);
  expect(out).toBe(
    items
      .map(({ group, calls, tokens, cost_usd_micros }) => [
        group,
        '',
        calls,
        tokens,
        `$${(cost_usd_micros / 1e6).toFixed(6)}`,
      ])
      .map((line) => `${line.join('\t')}\n`)
      .join(''),
  );
});
