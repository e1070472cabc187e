import type { Actor } from '@holdfast/contracts';
import { parseKey, permissions, suspendTenant } from '@holdfast/core';
import { type Route, routes } from '@holdfast/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goodBodies, goodQueries } from './support/good-bodies.ts';
import { newMember } from './support/new-member.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
const keys: Record<string, string> = {};
let own: Record<string, string>;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  const [mine, other] = [await server.tenant('mine'), await server.tenant('other')];
  keys['admin'] = mine.key;
  keys['other tenant'] = other.key;
  for (const role of ['viewer', 'operator', 'builder', 'auditor'] as const)
    keys[role] = await server.key(mine.id, [role]);
  const asleep = await server.tenant('asleep');
  keys['suspended'] = asleep.key;
  const by: Actor = { type: 'system', id: 'test', roles: [] };
  await suspendTenant(server.api.ports, { by, requestId: '' }, asleep.id, null);
  keys['expired'] = await server.key(mine.id, ['admin'], 1);
  const asker = scribe('asker', 1, { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }] });
  await server.ask(mine.key, 'POST', '/v1/agents', asker);
  await server.ask(mine.key, 'PUT', '/v1/secrets/asker', { value: 'value' });
  const started = await server.ask(mine.key, 'POST', '/v1/runs', { agent: 'asker' });
  const run = String(started.json['id']);
  own = {
    ':run': run,
    ':thread': String((await server.ask(mine.key, 'POST', '/v1/threads', {})).json['id']),
    ':agent': 'asker',
    ':number': '1',
    ':alias': 'prod',
    ':digest': 'a'.repeat(64),
    ':ref': '5.0',
    ':name': 'asker',
    ':schedule': String(
      (await server.ask(mine.key, 'POST', '/v1/schedules', goodBodies['schedules.update'])).json['id'],
    ),
    ':bulk': String((await server.ask(mine.key, 'POST', '/v1/bulk', goodBodies['bulk.start'])).json['id']),
    ...(await webhookOf(mine.key)),
    ':member': await newMember(server, mine.id),
    ':key': parseKey(keys['viewer'] ?? '')?.id ?? '',
  };
  await server.ask(mine.key, 'PUT', '/v1/tools/asker', goodBodies['tools.put']);
});
afterAll(() => server.close());

/** A webhook, and a delivery that failed. */
async function webhookOf(admin: string): Promise<Record<string, string>> {
  const { json } = await server.ask(admin, 'POST', '/v1/webhooks', goodBodies['webhooks.create']);
  const tested = await server.ask(admin, 'POST', `/v1/webhooks/${String(json['id'])}/test`);
  return { ':webhook': String(json['id']), ':delivery': String(tested.json['id']) };
}

const pathOf = ({ url }: Route): string => url.replaceAll(/:\w+/g, (name) => own[name] ?? name);

const ask = (route: Route, key: string | null) =>
  server.ask(
    key,
    route.method,
    `${pathOf(route)}${goodQueries[route.operation ?? ''] ?? ''}`,
    goodBodies[route.operation ?? ''],
  );

const guarded = routes.filter(({ operation }) => operation !== null);

const named = (list: readonly Route[]) => list.map((route) => [`${route.method} ${route.url}`, route] as const);

describe.each(named(guarded))('%s', (_name, route) => {
  test('nobody', async () => {
    const answer = await ask(route, null);
    expect(answer).toMatchObject({ status: 401, type: 'application/problem+json', json: { code: 'unauthenticated' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('a wrong key', async () => {
    expect((await ask(route, `hf_${'0'.repeat(32)}_${'0'.repeat(32)}_${'0'.repeat(64)}`)).status).toBe(401);
  });

  test('an expired key', async () => {
    expect(await ask(route, keys['expired'] ?? '')).toMatchObject({ status: 401, json: { code: 'key_expired' } });
  });

  test('a key of a suspended tenant', async () => {
    const answer = await ask(route, keys['suspended'] ?? '');
    expect(answer).toMatchObject({ status: 403, json: { code: 'tenant_suspended' } });
  });

  test.each(['viewer', 'operator', 'builder', 'auditor'] as const)('as %s', async (role) => {
    const ranks = {
      viewer: ['viewer'],
      operator: ['viewer', 'operator'],
      builder: ['viewer', 'operator', 'builder'],
      auditor: ['auditor'],
    };
    const needed: readonly string[] = route.operation === null ? [] : permissions[route.operation];
    const may = ranks[role].some((held) => needed.includes(held));
    const answer = await ask(route, keys[role] ?? '');
    // What becomes of a request that is allowed is not this test's matter.
    if (may) expect([401, 403]).not.toContain(answer.status);
    else {
      expect(answer).toMatchObject({ status: 403, json: { code: 'forbidden' } });
      expect(answer.json['detail']).toContain(`${route.operation}, which takes ${needed.join(' or ')}.`);
    }
  });
});

const aboutOurs = guarded.filter(
  ({ url, operation }) =>
    /:(run|agent|thread|key|bulk|schedule|webhook|member)/.test(url) ||
    ['runs.start', 'schedules.create', 'secrets.delete'].includes(operation ?? '') ||
    (url.endsWith('tools/:name') && operation !== 'tools.put'),
);

test.each(named(aboutOurs))('%s of ours does not exist for another tenant', async (_name, route) => {
  expect(await ask(route, keys['other tenant'] ?? '')).toMatchObject({ status: 404, type: 'application/problem+json' });
});

const lists = guarded.filter((route) => route.method === 'GET' && !aboutOurs.includes(route));

test.each(named(lists))('%s shows nothing of ours to another tenant', async (_name, route) => {
  const answer = await ask(route, keys['other tenant'] ?? '');
  expect(answer.status).toBe(200);
  expect(answer.text).not.toContain('asker');
});

test('the list of routes is whole: every operation has exactly one', () => {
  expect(guarded).toHaveLength(Object.keys(permissions).length);
  expect(new Set(guarded.map(({ operation }) => operation))).toEqual(new Set(Object.keys(permissions)));
});

test('health needs no key', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics'])
    expect((await server.ask(null, 'GET', path)).status).toBe(200);
});
