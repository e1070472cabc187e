import { problem } from '@holdfast/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { badRequests, mayMiss } from './support/bad-requests.ts';
import { documentedOperations } from './support/documented-operations.ts';
import { filled, furnish, type Names } from './support/furnished-tenant.ts';
import { goodBodies } from './support/good-bodies.ts';
import { startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let mine: Names;
let answered = 0;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key, names: mine } = await furnish(server, 'mine', 'asker'));
});
afterAll(async () => {
  // oxlint-disable-next-line eslint/no-console
  console.info(`bad requests of ${documentedOperations.length} operations: ${answered} cases`);
  await server.close();
});

async function refusal(
  operation: (typeof documentedOperations)[number],
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

describe.each(documentedOperations.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  test.each(badRequests(operation).map((bad) => [bad.what, bad] as const))('%s', async (_what, bad) => {
    const told = await refusal(operation, filled(bad.path, mine), bad.body, bad.headers);
    expect(told).toMatchObject({ status: bad.status });
    expect(told.code).toMatch(bad.code);
    const places = (told.errors ?? []).map(({ path }) => path);
    if (bad.place !== undefined) expect(places).toContain(bad.place);
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

const conditional = documentedOperations.filter(({ headers }) => headers.includes('if-match'));

const makes = (operation: (typeof conditional)[number]): boolean => {
  const last = /\{(\w+)\}$/.exec(operation.path)?.[1];
  return (
    operation.method === 'PUT' &&
    last !== undefined &&
    last !== 'webhook' &&
    last !== 'member' &&
    !mayMiss(operation, last)
  );
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
  const deletion = documentedOperations.find(
    ({ path: same, method }) => same === operation.path && method === 'DELETE',
  );
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
