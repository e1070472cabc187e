import { problem } from '@holdfast/contracts';
import { parseKey } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { badRequests, entryOf, mayMiss, placeholders } from './support/bad-requests.ts';
import { documentedOperations } from './support/documented-operations.ts';
import { goodBodies } from './support/good-bodies.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

/** Without those of logins, which speak in forms, cookies and redirects: browser-login.pglite.test.ts has them. */
const operations = documentedOperations.filter(({ path }) => !path.startsWith('/auth/'));

type Names = Readonly<Record<string, string>>;

let server: TestServer;
let key: string;
let mine: Names;
let theirs: Names;
let answered = 0;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key, names: mine } = await furnish('mine', 'asker'));
  ({ names: theirs } = await furnish('theirs', 'secretive'));
});
afterAll(async () => {
  // oxlint-disable-next-line eslint/no-console
  console.info(`bad requests of ${operations.length} operations: ${answered} cases`);
  await server.close();
});

/** A tenant that has one of everything a path can name, under its own words. */
async function furnish(tenant: string, word: string): Promise<{ key: string; names: Names }> {
  const made = await server.tenant(tenant);
  const ask = (method: string, path: string, body?: unknown) => server.ask(made.key, method, path, body);
  await ask(
    'POST',
    '/v1/agents',
    scribe(word, 1, {
      rehearsal: [
        { calls: [{ tool: 'artifacts_write', args: { name: 'note.txt', content: word } }] },
        { calls: [{ tool: 'ask', args: { question: 'well?' } }] },
      ],
    }),
  );
  await ask('PUT', `/v1/agents/${word}/aliases/prod`, { version: 1 });
  await ask('PUT', `/v1/secrets/${word}`, { value: 'value' });
  await ask('PUT', `/v1/tools/${word}`, goodBodies['tools.put']);
  const run = String((await ask('POST', '/v1/runs', { agent: word })).json['id']);
  const open = async () => (await ask('GET', `/v1/attention?run=${run}`)).json['items'] as { ref: string }[];
  await vi.waitUntil(async () => (await open()).length === 1, { timeout: 20_000 });
  const files = (await ask('GET', `/v1/runs/${run}/artifacts`)).json['items'] as { digest: string }[];
  const webhook = String((await ask('POST', '/v1/webhooks', goodBodies['webhooks.create'])).json['id']);
  const names = {
    run,
    webhook,
    delivery: String((await ask('POST', `/v1/webhooks/${webhook}/test`)).json['id']),
    thread: String((await ask('POST', '/v1/threads', {})).json['id']),
    key: parseKey(made.key)?.id ?? '',
    agent: word,
    alias: 'prod',
    number: '1',
    ref: (await open())[0]?.ref ?? '',
    name: word,
    digest: files[0]?.digest ?? '',
    schedule: String((await ask('POST', '/v1/schedules', { name: word, agent: word, cron: '0 0 29 2 *' })).json['id']),
    bulk: String((await ask('POST', '/v1/bulk', goodBodies['bulk.start'])).json['id']),
  };
  return { key: made.key, names };
}

const filled = (path: string, names: Names): string =>
  path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => names[name] ?? '');

async function refusal(
  operation: (typeof operations)[number],
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) {
  answered += 1;
  const answer = await server.ask(key, operation.method, path, body, headers);
  expect(answer.type).toBe('application/problem+json');
  const told = problem.parse(answer.json);
  expect(operation.codes).toContain(told.code);
  expect(told.detail.length).toBeGreaterThan(5);
  expect(told.status).toBe(answer.status);
  return told;
}

describe.each(operations.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  test.each(badRequests(operation).map((bad) => [bad.what, bad] as const))('%s', async (_what, bad) => {
    const told = await refusal(operation, filled(bad.path, mine), bad.body, bad.headers);
    expect(told).toMatchObject({ status: bad.status });
    expect(told.code).toMatch(bad.code);
    const places = (told.errors ?? []).map(({ path }) => path);
    if (bad.place !== undefined) expect(places).toContain(bad.place);
  });

  const foreign = operation.inPath.filter(
    (name) => !['alias', 'number', 'ref'].includes(name) && mayMiss(operation, name),
  );

  test.each(foreign)("another tenant's {%s} is answered like one that is not there", async (name) => {
    const body = operation.takes.length === 0 ? undefined : entryOf(goodBodies, operation.id, operation);
    const { unknown } = entryOf(placeholders, name, operation);
    // With theirs go the names that lie below it.
    const of = (value: string) =>
      filled(operation.path, name === 'digest' ? { ...mine, digest: value } : { ...theirs, [name]: value });
    const known = theirs[name] ?? '';
    const [their, none] = [await refusal(operation, of(known), body), await refusal(operation, of(unknown), body)];
    expect(their.status).toBe(404);
    const spoken = (told: typeof their, value: string) => ({
      ...told,
      detail: told.detail.replaceAll(value, '…'),
      request_id: '',
    });
    expect(spoken(their, known)).toEqual(spoken(none, unknown));
  });

  test('another method is refused, with those there are', async () => {
    const answer = await server.ask(key, 'PATCH', filled(operation.path, mine));
    answered += 1;
    expect(answer).toMatchObject({
      status: 405,
      type: 'application/problem+json',
      json: { code: 'method_not_allowed' },
    });
    expect(answer.headers.get('allow')).toContain(operation.method);
  });
});

const conditional = operations.filter(({ headers }) => headers.includes('if-match'));

const makes = (operation: (typeof conditional)[number]): boolean => {
  const last = /\{(\w+)\}$/.exec(operation.path)?.[1];
  return operation.method === 'PUT' && last !== undefined && last !== 'webhook' && !mayMiss(operation, last);
};

// What has no name is always there, and a webhook has an id that is not the caller's to choose.
test.each(conditional.filter(makes))('$id: If-Match * makes nothing, no If-Match does', async (operation) => {
  const path = filled(operation.path.replace(/\{\w+\}$/, 'fresh'), mine);
  const body = goodBodies[operation.id];
  expect(await refusal(operation, path, body, { 'if-match': '*' })).toMatchObject({
    status: 412,
    code: 'etag_mismatch',
  });
  expect((await server.ask(key, 'PUT', path, body)).status).toBe(200);
  const deletion = operations.find(({ path: same, method }) => same === operation.path && method === 'DELETE');
  expect(deletion?.headers).toContain('if-match');
  expect((await server.ask(key, 'DELETE', path)).status).toBe(204);
});

test('nothing of the tenant was changed by all that', async () => {
  for (const path of [
    '/v1/runs/{run}',
    '/v1/threads/{thread}',
    '/v1/agents/{agent}/aliases/{alias}',
    '/v1/tools/{name}',
  ])
    expect((await server.ask(key, 'GET', filled(path, mine))).status).toBe(200);
  const runs = (await server.ask(key, 'GET', '/v1/runs')).json['items'] as { head: number; status: string }[];
  expect(runs).toMatchObject([{ status: 'waiting' }]);
  expect((await server.ask(key, 'GET', '/v1/secrets')).json['items']).toMatchObject([{ name: 'asker', version: 1 }]);
  expect((await server.ask(key, 'GET', '/v1/api-keys')).json['items']).toHaveLength(1);
});
