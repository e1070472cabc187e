import { afterAll, beforeAll, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startServer('pglite://memory', { worker: false });
  ({ key } = await server.tenant('mine'));
  await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1));
});
afterAll(() => server.close());

const start = (idempotencyKey: string, body: object, as = key) =>
  server.ask(as, 'POST', '/v1/runs', body, { 'idempotency-key': idempotencyKey });

test('a repeat gets the same answer and starts nothing', async () => {
  const first = await start('k1', { agent: 'scribe', input: 'x' });
  const again = await start('k1', { input: 'x', agent: 'scribe' });
  expect(first.status).toBe(201);
  expect(again.status).toBe(201);
  expect(again.text).toBe(first.text);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  const runs = (await server.ask(key, 'GET', '/v1/runs')).json['items'];
  expect(runs).toHaveLength(1);
});

test('the same key with another body is 409', async () => {
  await start('k2', { agent: 'scribe' });
  expect(await start('k2', { agent: 'scribe', input: 'other' })).toMatchObject({
    status: 409,
    json: { code: 'idempotency_mismatch' },
  });
});

test('a refused request does not use up its key', async () => {
  expect((await start('k3', { agent: 'scribe', version: 7 })).status).toBe(404);
  expect((await start('k3', { agent: 'scribe' })).status).toBe(201);
});

test('twenty at once start one run', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => start('k4', { agent: 'scribe', input: 'k4' })));
  const made = new Set(answers.filter(({ status }) => status === 201).map(({ json }) => json['id']));
  expect(made.size).toBe(1);
  expect(answers.every(({ status, json }) => status === 201 || json['code'] === 'idempotency_in_flight')).toBe(true);
});

test('another principal has keys of its own', async () => {
  const other = await server.tenant('other');
  await server.ask(other.key, 'POST', '/v1/agents', scribe('scribe', 1));
  const mine = await start('k5', { agent: 'scribe' });
  const theirs = await start('k5', { agent: 'scribe' }, other.key);
  expect(theirs.status).toBe(201);
  expect(theirs.json['id']).not.toBe(mine.json['id']);
});

test('a message with a key is received once', async () => {
  const run = String((await start('k6', { agent: 'scribe' })).json['id']);
  const say = () => server.ask(key, 'POST', `/v1/runs/${run}/messages`, { content: 'hi' }, { 'idempotency-key': 'm1' });
  const [first, again] = [await say(), await say()];
  expect(first.status).toBe(202);
  expect(again.text).toBe(first.text);
  const events = (await server.ask(key, 'GET', `/v1/runs/${run}/events`)).json['items'] as { type: string }[];
  expect(events.map(({ type }) => type)).toEqual(['run.created', 'message.received']);
});

test.each(['', 'a b', 'x'.repeat(256)])('the key %j is refused', async (bad) => {
  const answer = await start(bad, { agent: 'scribe' });
  expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
});

test('publishing the same again gives the same version', async () => {
  const [one, two] = [
    await server.ask(key, 'POST', '/v1/agents', scribe('twice', 2)),
    await server.ask(key, 'POST', '/v1/agents', scribe('twice', 2)),
  ];
  expect([one.status, two.status]).toEqual([201, 200]);
  expect(two.json['id']).toBe(one.json['id']);
  const three = await server.ask(key, 'POST', '/v1/agents', scribe('twice', 3));
  expect(three).toMatchObject({ status: 201, json: { number: 2 } });
});
