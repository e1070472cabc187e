import { Holdfast } from '@holdfast/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key } = await server.tenant('mine'));
});
afterAll(() => server.close());

interface Made {
  readonly id: string;
  readonly key: string;
}

async function make(body: object = {}): Promise<Made> {
  const { status, json } = await server.ask(key, 'POST', '/v1/api-keys', { name: 'k', roles: ['viewer'], ...body });
  expect(status).toBe(201);
  return { id: String(json['id']), key: String(json['key']) };
}

const use = async (text: string): Promise<number> => (await server.ask(text, 'GET', '/v1/agents')).status;

describe('API keys', () => {
  test('are shown once, and work with their roles', async () => {
    const made = await make({ roles: ['viewer', 'viewer'] });
    expect(made.key).toMatch(/^hf_[0-9a-f]{32}_[0-9a-f]{32}_[0-9a-f]{64}$/);
    expect(await use(made.key)).toBe(200);
    expect((await server.ask(made.key, 'POST', '/v1/agents', scribe('a', 1))).status).toBe(403);
    const one = await server.ask(key, 'GET', `/v1/api-keys/${made.id}`);
    expect(one.json).toMatchObject({ id: made.id, name: 'k', roles: ['viewer'], expires_at: null, revoked_at: null });
    const list = await server.ask(key, 'GET', '/v1/api-keys');
    expect(list.json['items']).toContainEqual(one.json);
    for (const { text } of [one, list]) expect(text).not.toContain(made.key.slice(-64));
  });

  test('lie hashed in the database', async () => {
    const made = await make();
    const rows = await server.database.connections.lend((sql) => sql.query('select * from holdfast.api_keys'));
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(made.key.slice(-64));
  });

  test('end with their time', async () => {
    const made = await make({ expires_in: '1ms' });
    await expect.poll(() => use(made.key)).toBe(401);
    expect((await server.ask(made.key, 'GET', '/v1/agents')).json['code']).toBe('key_expired');
  });

  test('are refused from the next request on once they are revoked', async () => {
    const made = await make();
    expect(await use(made.key)).toBe(200);
    expect((await server.ask(key, 'DELETE', `/v1/api-keys/${made.id}`)).status).toBe(204);
    expect(await server.ask(made.key, 'GET', '/v1/agents')).toMatchObject({
      status: 401,
      json: { code: 'key_expired' },
    });
    expect((await server.ask(key, 'DELETE', `/v1/api-keys/${made.id}`)).status).toBe(204);
    const rotated = await server.ask(key, 'POST', `/v1/api-keys/${made.id}/rotate`, {});
    expect(rotated).toMatchObject({ status: 409, json: { code: 'key_ended' } });
  });

  test('an open stream of a revoked key ends within 5 s', async () => {
    const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }] };
    await server.ask(key, 'POST', '/v1/agents', scribe('asker', 1, asks));
    const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'asker' })).json['id']);
    const made = await make();
    const follow = (text: string) =>
      fetch(`${server.url}/v1/runs/${run}/events`, {
        headers: { authorization: `Bearer ${text}`, accept: 'text/event-stream' },
      });
    const stream = await follow(made.key);
    expect(stream.status).toBe(200);
    const waiting = server.ask(made.key, 'GET', `/v1/runs/${run}`, undefined, { prefer: 'wait=30' });
    const others = new AbortController();
    const other = await fetch(`${server.url}/v1/runs/${run}/events`, {
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
      signal: others.signal,
    });
    expect((await server.ask(key, 'DELETE', `/v1/api-keys/${made.id}`)).status).toBe(204);
    const began = performance.now();
    // Resolves when the stream has ended.
    const text = await stream.text();
    const took = performance.now() - began;
    console.log(`a stream of a revoked key ended after ${Math.round(took)} ms`);
    expect(took).toBeLessThan(5_000);
    expect(text).toMatch(/event: cut\ndata: \{"reason":"denied"[^\n]*\n\n$/);
    expect((await follow(made.key)).status).toBe(401);
    expect(await waiting).toMatchObject({ status: 401, json: { code: 'key_expired' } });
    // Those of other keys go on.
    const reader = other.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    others.abort();
  }, 30_000);

  test('have two good secrets while they change over', async () => {
    const made = await make();
    const rotated = await server.ask(key, 'POST', `/v1/api-keys/${made.id}/rotate`, { overlap: '1h' });
    expect(rotated).toMatchObject({ status: 200, json: { id: made.id, previous_until: expect.any(String) } });
    const next = String(rotated.json['key']);
    expect(next).not.toBe(made.key);
    expect([await use(made.key), await use(next)]).toEqual([200, 200]);
    const again = await server.ask(key, 'POST', `/v1/api-keys/${made.id}/rotate`, { overlap: '1ms' });
    expect(await use(made.key)).toBe(401);
    await expect.poll(() => use(next)).toBe(401);
    expect(await use(String(again.json['key']))).toBe(200);
  });

  test('the last one of an admin cannot be revoked', async () => {
    const tenant = await server.tenant('lonely');
    const [only] = (await server.ask(tenant.key, 'GET', '/v1/api-keys')).json['items'] as { id: string }[];
    const refusal = await server.ask(tenant.key, 'DELETE', `/v1/api-keys/${only?.id ?? ''}`);
    expect(refusal).toMatchObject({ status: 409, json: { code: 'last_admin_key' } });
    const second = await server.ask(tenant.key, 'POST', '/v1/api-keys', { name: 'second', roles: ['admin'] });
    expect((await server.ask(tenant.key, 'DELETE', `/v1/api-keys/${only?.id ?? ''}`)).status).toBe(204);
    expect((await server.ask(String(second.json['key']), 'GET', '/v1/api-keys')).status).toBe(200);
  });

  test('tell when they were last used, to the minute', async () => {
    const made = await make();
    const lastUse = async () => (await server.ask(key, 'GET', `/v1/api-keys/${made.id}`)).json['last_used_at'];
    expect(await lastUse()).toBeNull();
    await use(made.key);
    expect(await lastUse()).toMatch(/:00\.000Z$/);
  });

  test('are made and changed by the client, too', async () => {
    const { keys } = new Holdfast({ url: server.url, key, validate: true });
    const made = await keys.create({ name: 'by client', roles: ['viewer'] });
    const rotated = await keys.rotate(made.id, { overlap: '1h' });
    expect([await use(made.key), await use(rotated.key)]).toEqual([200, 200]);
    await keys.revoke(made.id);
    expect((await keys.get(made.id)).revoked_at).not.toBeNull();
    expect(await use(rotated.key)).toBe(401);
  });

  test('are never stored for a repetition: an Idempotency-Key is refused', async () => {
    const body = { name: 'k', roles: ['viewer'] };
    const headers = { 'idempotency-key': 'k1' };
    const answer = await server.ask(key, 'POST', '/v1/api-keys', body, headers);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    const made = await make();
    const rotated = await server.ask(key, 'POST', `/v1/api-keys/${made.id}/rotate`, {}, headers);
    expect(rotated.status).toBe(400);
  });
});
