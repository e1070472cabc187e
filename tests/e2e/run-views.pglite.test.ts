import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key } = await server.tenant('mine'));
  await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 2));
  const asker = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'thanks' }] };
  await server.ask(key, 'POST', '/v1/agents', scribe('asker', 1, asker));
});
afterAll(() => server.close());

const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  server.ask(key, method, path, body, headers);

describe('Prefer: wait', () => {
  test('one call starts a run and gives its result', async () => {
    const { status, json, headers } = await ask('POST', '/v1/runs', { agent: 'scribe' }, { prefer: 'wait=30' });
    expect([status, headers.get('preference-applied')]).toEqual([201, 'wait=30']);
    expect(json).toMatchObject({ status: 'succeeded', output: [{ type: 'text', text: 'done' }] });
  });

  test('a repeat with the same key waits, too, and starts nothing', async () => {
    const headers = { 'idempotency-key': 'k1', prefer: 'respond-async, wait=30' };
    const first = await ask('POST', '/v1/runs', { agent: 'scribe' }, headers);
    const again = await ask('POST', '/v1/runs', { agent: 'scribe' }, headers);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.json).toEqual(first.json);
    expect(again.json).toMatchObject({ status: 'succeeded' });
  });

  test('after the time the state is told, and the wait goes on by another call until the end', async () => {
    const started = await ask('POST', '/v1/runs', { agent: 'asker' }, { prefer: 'wait=1' });
    expect(started.json).toMatchObject({ output: null });
    const path = `/v1/runs/${String(started.json['id'])}`;
    await expect.poll(async () => (await ask('GET', path)).json['status']).toBe('waiting');
    const waiting = ask('GET', path, undefined, { prefer: 'wait=60' });
    const [open] = (await ask('GET', `/v1/attention?run=${String(started.json['id'])}`)).json['items'] as {
      ref: string;
    }[];
    await ask('POST', `${path}/attention/${open?.ref}`, { decision: 'answer', answer: 'yes' });
    const { json, headers } = await waiting;
    expect(json).toMatchObject({ status: 'succeeded' });
    expect(headers.get('preference-applied')).toBe('wait=60');
  });

  test('whoever hangs up is not waited for', async () => {
    const started = await ask('POST', '/v1/runs', { agent: 'asker' });
    const leaving = new AbortController();
    const waiting = fetch(`${server.url}/v1/runs/${String(started.json['id'])}`, {
      headers: { authorization: `Bearer ${key}`, prefer: 'wait=60' },
      signal: leaving.signal,
    }).catch(() => 'gone');
    await expect.poll(() => server.api.ports.streams.ends.open).toBe(1);
    leaving.abort();
    expect(await waiting).toBe('gone');
    await expect.poll(() => server.api.ports.streams.ends.open).toBe(0);
  });

  test.each(['wait=0', 'wait=soon', 'await=5', ''])('"%s" is not applied', async (prefer) => {
    const { headers, status } = await ask('POST', '/v1/runs', { agent: 'asker' }, { prefer });
    expect([status, headers.get('preference-applied')]).toEqual([201, null]);
  });
});

test('a run shows the limits in force, raised ones too, and so does its fork', async () => {
  await ask('POST', '/v1/agents', scribe('limited', 3, { limits: { steps: 3 } }));
  const run = String((await ask('POST', '/v1/runs', { agent: 'limited' })).json['id']);
  const limit = async () =>
    (await ask('GET', `/v1/attention?run=${run}`)).json['items'] as { ref: string; kind: string }[];
  await expect.poll(limit, { timeout: 20_000 }).toMatchObject([{ kind: 'limit' }]);
  const steps = async (id: string) => (await ask('GET', `/v1/runs/${id}`)).json['limits'] as { steps: number };
  expect(await steps(run)).toMatchObject({ steps: 3 });
  const ref = (await limit())[0]?.ref ?? '';
  await ask('POST', `/v1/runs/${run}/attention/${ref}`, { decision: 'raise', to: 50 });
  expect(await steps(run)).toMatchObject({ steps: 50 });
  await expect.poll(async () => (await ask('GET', `/v1/runs/${run}`)).json['status']).toBe('succeeded');
  expect(await steps(run)).toMatchObject({ steps: 50 });
  const fork = await ask('POST', `/v1/runs/${run}/rerun`);
  expect(fork.json['limits']).toMatchObject({ steps: 50 });
  expect(await steps(String(fork.json['id']))).toMatchObject({ steps: 50 });
});

test('a file is there once the log tells of it; the payload of an event always', async () => {
  const { json } = await ask('POST', '/v1/runs', { agent: 'asker', input: 'x'.repeat(100_000) });
  const run = String(json['id']);
  const { tenant } = (await ask('GET', '/v1/me')).json;
  const put = async (text: string): Promise<string> => {
    const bytes = new TextEncoder().encode(text);
    const digest = createHash('sha256').update(bytes).digest('hex');
    await server.api.ports.artifacts.put({ tenant: String(tenant), run }, digest, bytes);
    return digest;
  };
  for (const text of ['note', '7', 'y'.repeat(100_000)])
    expect(await ask('GET', `/v1/runs/${run}/artifacts/${await put(text)}`)).toMatchObject({
      status: 404,
      json: { code: 'artifact_not_found' },
    });
  const payload = JSON.stringify({ input: 'z'.repeat(100_000) });
  const read = await ask('GET', `/v1/runs/${run}/artifacts/${await put(payload)}`);
  expect(read).toMatchObject({ status: 200, type: 'application/json', text: payload });
});

test('the effects of a run are told with their arguments', async () => {
  const { json } = await ask('POST', '/v1/runs', { agent: 'scribe' }, { prefer: 'wait=30' });
  const effects = await ask('GET', `/v1/runs/${String(json['id'])}/effects`);
  const items = effects.json['items'] as Record<string, unknown>[];
  expect(items).toHaveLength(2);
  expect(items[0]).toMatchObject({
    tool: 'artifacts_write',
    status: 'done',
    attempts: 1,
    arguments: { name: 'note.txt', content: 'note' },
    resolution: null,
  });
  expect((await ask('GET', '/v1/runs/01920000-0000-7000-8000-000000000000/effects')).status).toBe(404);
});

describe('usage', () => {
  test('is told by agent, and counts what runs have used', async () => {
    await ask('POST', '/v1/runs', { agent: 'scribe' }, { prefer: 'wait=30' });
    const runs = (await ask('GET', '/v1/runs?agent=scribe')).json['items'] as {
      usage: { tokens: number; cost_usd_micros: number };
    }[];
    const tokens = runs.reduce((sum, { usage }) => sum + usage.tokens, 0);
    const cost = runs.reduce((sum, { usage }) => sum + usage.cost_usd_micros, 0);
    expect(tokens).toBeGreaterThan(0);
    const { json } = await ask('GET', '/v1/usage?agent=scribe');
    expect(json['items']).toEqual([
      { group: 'scribe', runs: runs.length, calls: expect.any(Number), tokens, cost_usd_micros: cost },
    ]);
    const day = await ask('GET', '/v1/usage?group_by=day');
    expect(day.json['items']).toMatchObject([{ group: new Date().toISOString().slice(0, 10) }]);
  });

  test.each([
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    'from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z',
    'group_by=week',
    'from=now',
  ])('%s is refused', async (query) => {
    expect(await ask('GET', `/v1/usage?${query}`)).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });
});

test('what a newer release wrote is not misread: its run is refused by a code that says so, and its events are handed on', async () => {
  const { json } = await ask('POST', '/v1/runs', { agent: 'asker' });
  const path = `/v1/runs/${String(json['id'])}`;
  await expect.poll(async () => (await ask('GET', path)).json['status']).toBe('waiting');
  const write = (format: number) =>
    server.database.connections.lend((sql) =>
      sql.query('update holdfast.run_events set format = $2 where run_id = $1', [String(json['id']), format]),
    );
  await write(2);
  for (const refused of [
    await ask('GET', path),
    await ask('GET', `${path}/effects`),
    await ask('POST', `${path}/messages`, { content: 'hi' }),
    await ask('POST', `${path}/cancel`, {}),
  ]) {
    expect(refused).toMatchObject({ status: 503, json: { code: 'newer_release' } });
    expect(refused.headers.get('retry-after')).toBe('1');
  }
  const { items } = (await ask('GET', `${path}/events`)).json as { items: { type: string; format: number }[] };
  expect(items.map(({ format }) => format)).toEqual(items.map(() => 2));
  expect(items.map(({ type }) => type)).not.toContain('message.received');
  await write(1);
  expect((await ask('POST', `${path}/cancel`, {})).status).toBe(202);
});
