import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startServer('pglite://memory', { worker: false });
  ({ key } = await server.tenant('mine'));
  for (const steps of [1, 2, 3]) await server.ask(key, 'POST', '/v1/agents', scribe('scribe', steps));
  await server.ask(key, 'POST', '/v1/agents', scribe('other', 1));
});
afterAll(() => server.close());

const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  server.ask(key, method, path, body, headers);

describe('lists of runs', () => {
  test('are narrowed by what a run was started with', async () => {
    const start = async (body: object) => String((await ask('POST', '/v1/runs', body)).json['id']);
    const plain = await start({ agent: 'scribe' });
    const tagged = await start({ agent: 'scribe', version: 1, tags: ['nightly', 'nightly', 'eu/west'] });
    const urgent = await start({ agent: 'other', priority: 5, concurrency_key: 'customer 7' });
    const list = async (query: string) =>
      ((await ask('GET', `/v1/runs?${query}`)).json['items'] as { id: string }[]).map(({ id }) => id);
    expect(await list('')).toEqual([urgent, tagged, plain]);
    expect(await list('tag=nightly')).toEqual([tagged]);
    expect(await list('tag=eu%2Fwest&agent=other')).toEqual([]);
    expect(await list('agent=scribe&version=3')).toEqual([plain]);
    expect(await list('status=queued&agent=other')).toEqual([urgent]);
    expect(await list('status=failed')).toEqual([]);
    expect(await list('created_before=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await list('created_after=2020-01-01T01:00:00%2B01:00')).toHaveLength(3);
    expect(await list('parent=01920000-0000-7000-8000-000000000000')).toEqual([]);
    expect((await ask('GET', `/v1/runs/${tagged}`)).json).toMatchObject({ tags: ['nightly', 'eu/west'], priority: 0 });
    expect((await ask('GET', `/v1/runs/${urgent}`)).json).toMatchObject({
      priority: 5,
      concurrency_key: 'customer 7',
    });
  });

  test.each([
    'status=sleeping',
    'version=1.5',
    'created_after=yesterday',
    'parent=me',
    'thread=7',
    `tag=${'x'.repeat(65)}`,
  ])('%s is refused', async (query) => {
    expect(await ask('GET', `/v1/runs?${query}`)).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });
});

test('a run of a thread says what it waits for, whatever was said to it', async () => {
  const thread = String((await ask('POST', '/v1/threads')).json['id']);
  const start = async () => String((await ask('POST', '/v1/runs', { agent: 'scribe', thread })).json['id']);
  const [first, second] = [await start(), await start()];
  const waits = async (run: string) => (await ask('GET', `/v1/runs/${run}`)).json['waiting_for'];
  const both = async () => [await waits(first), await waits(second)];
  const wanted = [[{ reason: 'capacity', ref: null }], [{ reason: 'thread', ref: first }]];
  expect(await both()).toMatchObject(wanted);
  for (const run of [first, second]) await ask('POST', `/v1/runs/${run}/messages`, { content: 'hurry' });
  expect(await both()).toMatchObject(wanted);
  await ask('POST', `/v1/runs/${second}/cancel`);
});

test("an agent's versions are listed from the newest, in pages", async () => {
  const first = await ask('GET', '/v1/agents/scribe/versions?limit=2');
  const numbers = (items: unknown) => (items as { number: number }[]).map(({ number }) => number);
  expect(numbers(first.json['items'])).toEqual([3, 2]);
  const second = await ask('GET', `/v1/agents/scribe/versions?limit=2&cursor=${String(first.json['next_cursor'])}`);
  expect(numbers(second.json['items'])).toEqual([1]);
  expect(second.json['next_cursor']).toBeNull();
  expect(await ask('GET', '/v1/agents/nobody/versions')).toMatchObject({
    status: 404,
    json: { code: 'agent_not_found' },
  });
});

describe('aliases', () => {
  const path = '/v1/agents/scribe/aliases/prod';

  test('change only from the state that If-Match names', async () => {
    expect(await ask('GET', path)).toMatchObject({ status: 404, json: { code: 'alias_not_found' } });
    expect((await ask('PUT', path, { version: 1 }, { 'if-match': '*' })).status).toBe(412);
    const made = await ask('PUT', path, { version: 1 });
    const got = await ask('GET', path);
    expect(got.json).toEqual({ agent: 'scribe', alias: 'prod', targets: [{ version: 1, weight: 1 }] });
    const etag = got.headers.get('etag') ?? '';
    expect(etag).toBe(made.headers.get('etag'));
    const split = {
      versions: [
        { version: 3, weight: 1 },
        { version: 2, weight: 9 },
      ],
    };
    const moved = await ask('PUT', path, split, { 'if-match': `"else", ${etag}` });
    expect(moved.status).toBe(200);
    expect(moved.headers.get('etag')).toBe((await ask('GET', path)).headers.get('etag'));
    for (const method of ['PUT', 'DELETE'])
      expect(
        await ask(method, path, method === 'PUT' ? { version: 1 } : undefined, { 'if-match': etag }),
      ).toMatchObject({
        status: 412,
        json: { code: 'etag_mismatch' },
      });
    expect((await ask('PUT', path, { version: 1 }, { 'if-match': 'etag' })).status).toBe(400);
  });

  test('go when they are deleted', async () => {
    await ask('PUT', path, { version: 1 });
    expect((await ask('DELETE', path)).status).toBe(204);
    expect(await ask('DELETE', path)).toMatchObject({ status: 404, json: { code: 'alias_not_found' } });
    expect((await ask('POST', '/v1/runs', { agent: 'scribe', alias: 'prod' })).status).toBe(404);
  });

  test('name each version once', async () => {
    const twice = {
      versions: [
        { version: 1, weight: 1 },
        { version: 1, weight: 2 },
      ],
    };
    expect(await ask('PUT', path, twice)).toMatchObject({ status: 422, json: { code: 'validation_failed' } });
  });
});
