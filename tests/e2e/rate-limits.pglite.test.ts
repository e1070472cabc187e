import { type RateLimiter, RateLimiterUnavailable } from '@holdfast/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Holdfast } from '@holdfast/sdk';
import { type Answer, scribe, startServer, type TestServer } from './support/server.ts';

/** Counts in windows that end when a test says so, and is away when it says so. */
class Counts implements RateLimiter {
  readonly #counts = new Map<string, number>();
  isAway = false;
  resetMs = 7_500;

  async take(bucket: string): Promise<{ count: number; resetMs: number }> {
    if (this.isAway) throw new RateLimiterUnavailable('away');
    const count = (this.#counts.get(bucket) ?? 0) + 1;
    this.#counts.set(bucket, count);
    return Promise.resolve({ count, resetMs: this.resetMs });
  }

  /** The windows are over. */
  pass(): void {
    this.#counts.clear();
  }
}

const EDGE = '127.0.0.1';
const wrongKey = `hf_${'0'.repeat(32)}_${'0'.repeat(32)}_${'0'.repeat(64)}`;

let counts: Counts;
let server: TestServer;
let key: string;
let tenant: string;

beforeAll(async () => {
  counts = new Counts();
  const RATE_LIMITS =
    'caller.read=1,tenant.read=2,caller.write=1,caller.start=1,caller.stream=1,address.open=1,address.auth=1';
  server = await startServer('pglite://memory', {
    rateLimiter: counts,
    environment: { RATE_LIMITS, TRUSTED_PROXIES: EDGE },
  });
  ({ key, id: tenant } = await server.tenant('mine'));
  expect((await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1))).status).toBe(201);
});
afterAll(() => server.close());
beforeEach(() => {
  counts.pass();
  counts.isAway = false;
  counts.resetMs = 7_500;
});

const readAs = (who: string | null, headers?: Record<string, string>) =>
  server.ask(who, 'GET', '/v1/me', undefined, headers);

async function until429(ask: () => Promise<Answer>): Promise<{ before: number; last: Answer }> {
  for (let before = 0; before < 100; before += 1) {
    const last = await ask();
    if (last.status === 429) return { before, last };
  }
  throw new Error('nothing was refused');
}

test('a refusal says which limit, and when to come again', async () => {
  const { before, last } = await until429(() => readAs(key));
  expect(before).toBe(10);
  expect(last).toMatchObject({
    type: 'application/problem+json',
    json: { code: 'rate_limited', status: 429, limit: 'caller.read', retry_after_seconds: 8 },
  });
  expect(last.json['detail']).toBe('More than 10 requests in 10 s (limit caller.read). Try again in 8 s.');
  expect(last.headers.get('retry-after')).toBe('8');
  expect(last.headers.get('ratelimit-policy')).toBe('"caller.read";q=10;w=10');
  expect(last.headers.get('ratelimit')).toBe('"caller.read";r=0;t=8');
  counts.pass();
  expect((await readAs(key)).status).toBe(200);
});

test('every answer says what is left', async () => {
  const { headers } = await readAs(key);
  expect(headers.get('ratelimit-policy')).toBe('"caller.read";q=10;w=10, "tenant.read";q=20;w=10');
  expect(headers.get('ratelimit')).toBe('"caller.read";r=9;t=8, "tenant.read";r=19;t=8');
  expect(headers.get('retry-after')).toBeNull();
  expect((await readAs(null)).headers.get('ratelimit')).toBe('"address.auth";r=9;t=8');
});

test('classes are counted apart: reads, changes, starts and streams', async () => {
  await until429(() => readAs(key));
  const write = () => server.ask(key, 'POST', '/v1/threads', {});
  expect((await until429(write)).last.json['limit']).toBe('caller.write');
  const start = () => server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' });
  const started = await start();
  expect(started.status).toBe(201);
  expect((await until429(start)).last.json['limit']).toBe('caller.start');
  const path = `/v1/runs/${String(started.json['id'])}/events`;
  const stream = () => server.ask(key, 'GET', path, undefined, { accept: 'text/event-stream' });
  const streamed = await stream();
  expect(streamed.type).toMatch(/^text\/event-stream/);
  expect(streamed.headers.get('ratelimit')).toMatch(/^"caller\.stream";r=9;t=8, "tenant\.stream";r=\d+;t=8$/);
  expect((await until429(stream)).last.json['limit']).toBe('caller.stream');
  expect((await server.ask(key, 'GET', path)).json['limit']).toBe('caller.read');
});

test('one key that asks too much leaves room for the others of its tenant; all together have a limit, too', async () => {
  const [second, third] = [await server.key(tenant, ['viewer']), await server.key(tenant, ['viewer'])];
  await until429(() => readAs(key));
  for (let more = 0; more < 50; more += 1) await readAs(key);
  expect((await until429(() => readAs(second))).before).toBe(10);
  expect((await readAs(third)).json['limit']).toBe('tenant.read');
  const other = await server.tenant('other');
  expect((await readAs(other.key)).status).toBe(200);
});

test('a refused request does nothing', async () => {
  const list = async () => ((await readAll()) as unknown[]).length;
  const readAll = async () => (await server.ask(key, 'GET', '/v1/threads?limit=200')).json['items'];
  const before = await list();
  const { before: made } = await until429(() => server.ask(key, 'POST', '/v1/threads', {}));
  for (let more = 0; more < 5; more += 1) await server.ask(key, 'POST', '/v1/threads', {});
  expect(await list()).toBe(before + made);
});

test('a tenant may have numbers of its own', async () => {
  const { key: theirs } = await server.tenant('small');
  await server.limit('small', { 'caller.read': 2, 'tenant.read': 3 });
  const { before, last } = await until429(() => readAs(theirs));
  expect(before).toBe(20);
  expect(last.headers.get('ratelimit-policy')).toBe('"caller.read";q=20;w=10');
});

describe('who is not let in', () => {
  const failed = (address: string) => readAs(wrongKey, { 'x-forwarded-for': address });

  test('is told to wait, each address by itself; a good key from there is let in', async () => {
    const { before, last } = await until429(() => failed('192.0.2.1'));
    expect(before).toBe(10);
    expect(last).toMatchObject({ status: 429, json: { code: 'rate_limited', limit: 'address.auth' } });
    expect((await failed('192.0.2.2')).status).toBe(401);
    expect((await readAs(null, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(429);
    expect((await readAs(key, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(200);
  });

  test('cannot take another address by saying so: what the edge has added last counts', async () => {
    let asked = 0;
    const { before } = await until429(() => {
      asked += 1;
      return failed(`198.51.100.${asked}, 192.0.2.9`);
    });
    expect(before).toBe(10);
  });

  test('counts by network where addresses are IPv6', async () => {
    let asked = 0;
    const { before } = await until429(() => {
      asked += 1;
      return failed(`2001:db8::${asked}`);
    });
    expect(before).toBe(10);
    expect((await failed('2001:db8:0:1::1')).status).toBe(401);
  });

  test('open pages are counted by address, and /healthz is not', async () => {
    const page = () => server.ask(null, 'GET', '/openapi.json');
    expect((await until429(page)).last.json['limit']).toBe('address.open');
    expect((await server.ask(null, 'GET', '/nowhere')).status).toBe(429);
    for (let asked = 0; asked < 30; asked += 1) expect((await server.ask(null, 'GET', '/healthz')).status).toBe(200);
  });
});

test('while nobody counts, requests are answered, and refused keys are refused', async () => {
  counts.isAway = true;
  const answer = await readAs(key);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('ratelimit')).toBeNull();
  expect((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).status).toBe(201);
  expect((await server.ask(null, 'GET', '/openapi.json')).status).toBe(200);
  expect((await readAs(wrongKey)).status).toBe(401);
  const { text } = await server.ask(null, 'GET', '/metrics');
  for (const line of ['read"} 1', 'start"} 1', 'open"} 2', 'auth"} 1'])
    expect(text).toContain(`holdfast_rate_limiter_unavailable_total{class="${line}`);
  expect(text).toMatch(/holdfast_rate_limited_total\{limit="caller\.read"\} \d+/);
});

test('the client waits as long as it is told, and goes on', async () => {
  counts.resetMs = 900;
  let refusals = 0;
  const client = new Holdfast({
    url: server.url,
    key,
    fetch: async (input, init) => {
      const reply = await fetch(input, init);
      if (reply.status === 429) {
        refusals += 1;
        counts.pass();
      }
      return reply;
    },
  });
  await until429(() => readAs(key));
  const began = performance.now();
  expect(await client.agents.get('scribe')).toMatchObject({ name: 'scribe' });
  expect(refusals).toBe(1);
  expect(performance.now() - began).toBeGreaterThanOrEqual(950);
});

describe('without a trusted edge', () => {
  let bare: TestServer;
  beforeAll(async () => {
    bare = await startServer('pglite://memory', {
      rateLimiter: new Counts(),
      environment: { RATE_LIMITS: 'address.auth=1' },
    });
  });
  afterAll(() => bare.close());

  test('an address that the client names itself is not believed', async () => {
    let asked = 0;
    const { before } = await until429(() => {
      asked += 1;
      return bare.ask(wrongKey, 'GET', '/v1/me', undefined, { 'x-forwarded-for': `192.0.2.${asked}` });
    });
    expect(before).toBe(10);
  });
});
