import { describe, expect, it, vi } from 'vitest';
import { ConnectionFailed, HoldfastError } from '../errors.ts';
import { Holdfast } from '../holdfast.ts';
import { answer, noConnection, refusal, scriptedFetch, stream } from '../testing/scripted-fetch.ts';

const client = (given: typeof fetch, validate = false) =>
  new Holdfast({ url: 'http://holdfast.test/', key: 'k', fetch: given, validate, retries: { firstMs: 1 } });

const thread = {
  id: '019a0000-0000-7000-8000-000000000000',
  metadata: {},
  active_run: null,
  last_run: null,
  created_at: '2026-01-01T00:00:00.000Z',
};

describe('a create', () => {
  it('is sent again under the same Idempotency-Key until it is answered', async () => {
    const { fetch, seen } = scriptedFetch(
      noConnection(),
      refusal(503, 'database_unavailable'),
      refusal(409, 'idempotency_in_flight', { 'retry-after': '0' }),
      answer(201, thread),
    );
    expect(await client(fetch, true).threads.create({ metadata: { a: 'b' } })).toEqual(thread);
    const keys = seen.map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(seen[3]).toMatchObject({
      method: 'POST',
      url: 'http://holdfast.test/v1/threads',
      body: '{"metadata":{"a":"b"}}',
    });
    expect(seen[3]?.headers.get('authorization')).toBe('Bearer k');
  });

  it('has a key of its own each time, or the one that is given', async () => {
    const { fetch, seen } = scriptedFetch(answer(201, thread), answer(201, thread), answer(201, thread));
    const { threads } = client(fetch);
    await threads.create();
    await threads.create();
    await threads.create({}, { idempotencyKey: 'mine' });
    const keys = seen.map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe('mine');
  });
});

describe('a deletion', () => {
  it('whose answer was lost is done when it is sent again and nothing is there', async () => {
    const { fetch } = scriptedFetch(noConnection(), refusal(404, 'secret_not_found'));
    expect(await client(fetch).secrets.delete('s')).toBeUndefined();
  });

  it('of what was never there is refused', async () => {
    const { fetch } = scriptedFetch(refusal(404, 'secret_not_found'));
    await expect(client(fetch).secrets.delete('s')).rejects.toMatchObject({ code: 'secret_not_found' });
  });
});

describe('a change that is bound to an ETag', () => {
  it('is not sent again when nobody answered: once done, the condition would not hold', async () => {
    const { fetch, seen } = scriptedFetch(noConnection());
    const change = client(fetch).aliases.set('a', 'prod', { version: 1 }, { ifMatch: '"e1"' });
    await expect(change).rejects.toBeInstanceOf(ConnectionFailed);
    expect(seen.map(({ headers }) => headers.get('if-match'))).toEqual(['"e1"']);
  });

  it('is sent again when the server says that it did nothing', async () => {
    const { fetch, seen } = scriptedFetch(refusal(429, 'too_many', { 'retry-after': '0' }), answer(200, {}));
    await client(fetch).aliases.set('a', 'prod', { version: 1 }, { ifMatch: '"e1"' });
    expect(seen).toHaveLength(2);
  });
});

it('an API key is made without an Idempotency-Key, and not a second time when the answer is lost', async () => {
  const { fetch, seen } = scriptedFetch(noConnection());
  await expect(client(fetch).keys.create({ name: 'ci', roles: ['operator'] })).rejects.toBeInstanceOf(ConnectionFailed);
  expect(seen.map(({ headers }) => headers.has('idempotency-key'))).toEqual([false]);
});

describe('a file that is read as it comes', () => {
  const digest = 'a'.repeat(64);
  const text = async (body: ReadableStream<Uint8Array>): Promise<string> => new Response(body).text();

  it('is asked for again until it begins', async () => {
    const { fetch, seen } = scriptedFetch(
      noConnection(),
      refusal(503, 'database_unavailable'),
      refusal(429, 'too_many', { 'retry-after': '0' }),
      new Response('the bytes'),
    );
    expect(await text(await client(fetch).artifacts.stream('r', digest))).toBe('the bytes');
    expect(seen).toHaveLength(4);
  });

  it('is refused as anything else, and nobody there is told with the address', async () => {
    const { fetch } = scriptedFetch(refusal(404, 'artifact_not_found'), ...Array.from({ length: 5 }, noConnection));
    const { artifacts } = client(fetch);
    await expect(artifacts.stream('r', digest)).rejects.toMatchObject({ code: 'artifact_not_found' });
    await expect(artifacts.stream('r', digest)).rejects.toThrow('No answer from http://holdfast.test: ECONNREFUSED.');
  });

  it('is not waited for for ever, and may take longer once it has begun', async () => {
    const silent = (_url: unknown, init?: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      });
    const settings = { url: 'http://x', key: '', retries: { attempts: 1 }, timeoutMs: 20 };
    const { artifacts } = new Holdfast({ ...settings, fetch: silent as typeof fetch });
    await expect(artifacts.stream('r', digest)).rejects.toBeInstanceOf(ConnectionFailed);
    let given: AbortSignal | null | undefined;
    const slow = (_url: unknown, init?: RequestInit): Promise<Response> => {
      given = init?.signal;
      return Promise.resolve(new Response('slow'));
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const body = await new Holdfast({ ...settings, fetch: slow as typeof fetch }).artifacts.stream('r', digest);
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    expect(given?.aborted).toBe(false);
    expect(await text(body)).toBe('slow');
  });

  it('breaks off with an error of the client, or with the reason of its signal', async () => {
    const { fetch } = scriptedFetch(stream(['half'], true), stream(['half'], true));
    const { artifacts } = client(fetch);
    await expect(text(await artifacts.stream('r', digest))).rejects.toBeInstanceOf(ConnectionFailed);
    const abort = new AbortController();
    const body = await artifacts.stream('r', digest, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(text(body)).rejects.toThrow('enough');
  });
});

describe('a refusal', () => {
  it('is an error with its code, status, problem and request', async () => {
    const { fetch } = scriptedFetch(refusal(404, 'run_not_found'));
    const error = await client(fetch)
      .runs.get('r')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error).toMatchObject({
      code: 'run_not_found',
      status: 404,
      message: 'It is run_not_found.',
      requestId: 'r1',
      problem: { title: 'run_not_found' },
    });
  });

  it('by something that is not Holdfast says so', async () => {
    const { fetch } = scriptedFetch(new Response('<h1>Forbidden</h1>', { status: 403 }));
    await expect(client(fetch).models.list()).rejects.toMatchObject({ code: 'unexpected_answer', status: 403 });
  });
});

describe('an answer', () => {
  it('that is no JSON is an error', async () => {
    const { fetch } = scriptedFetch(new Response('<h1>Welcome</h1>', { status: 200 }));
    await expect(client(fetch).models.list()).rejects.toMatchObject({ code: 'unexpected_answer' });
  });

  it('that does not fit is an error when answers are validated', async () => {
    const odd = () => answer(200, { days: 'many' });
    const { fetch } = scriptedFetch(odd(), odd());
    await expect(client(fetch, true).retention.get()).rejects.toMatchObject({ code: 'unexpected_answer' });
    expect((await client(fetch).retention.get()).value).toEqual({ days: 'many' });
  });

  it('is left as it came: what this release does not know is not lost', async () => {
    const later = { ...thread, since: 'a later release' };
    const { fetch } = scriptedFetch(answer(200, later));
    expect(await client(fetch, true).threads.get('t')).toEqual(later);
  });
});

it('an unreachable server is told with its address and the reason, after all attempts', async () => {
  const { fetch, seen } = scriptedFetch(...Array.from({ length: 5 }, noConnection));
  await expect(client(fetch).models.list()).rejects.toThrow('No answer from http://holdfast.test: ECONNREFUSED.');
  expect(seen).toHaveLength(5);
});

it('an aborted call ends with the reason of its signal', async () => {
  const abort = new AbortController();
  const { fetch } = scriptedFetch(() => {
    abort.abort(new Error('enough'));
    throw noConnection();
  });
  await expect(client(fetch).models.list({ signal: abort.signal })).rejects.toThrow('enough');
});

it('a list fetches page after page', async () => {
  const { fetch, seen } = scriptedFetch(
    answer(200, { items: [1, 2], next_cursor: 'c1' }),
    answer(200, { items: [3], next_cursor: null }),
  );
  const items = [];
  for await (const item of client(fetch).runs.list({ agent: 'a', limit: 2 })) items.push(item);
  expect(items).toEqual([1, 2, 3]);
  expect(seen.map(({ url }) => new URL(url).search)).toEqual(['?agent=a&limit=2', '?agent=a&limit=2&cursor=c1']);
});

it.each(['', '.', '..'])('the id "%s", which would lead to another path, is refused before it is sent', (id) => {
  const { fetch, seen } = scriptedFetch();
  expect(() => client(fetch).runs.get(id)).toThrow(TypeError);
  expect(seen).toEqual([]);
});

it('a function gives the token of each attempt, and a tenant is chosen', async () => {
  let given = 0;
  const { fetch, seen } = scriptedFetch(noConnection(), answer(200, {}), answer(200, {}));
  const key = (): Promise<string> => Promise.resolve(`t${(given += 1)}`);
  const { models } = new Holdfast({ url: 'http://x', key, tenant: 'acme', fetch, retries: { firstMs: 1 } });
  await models.list();
  await models.list();
  expect(seen.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer t1', 'Bearer t2', 'Bearer t3']);
  expect(seen.map(({ headers }) => headers.get('holdfast-tenant'))).toEqual(['acme', 'acme', 'acme']);
});

it('without a key none is sent', async () => {
  const { fetch, seen } = scriptedFetch(answer(200, {}));
  await new Holdfast({ url: 'http://x', key: '', fetch }).server.loginOptions();
  expect(seen[0]?.headers.has('authorization')).toBe(false);
});

it('parts of a path are escaped', async () => {
  const { fetch, seen } = scriptedFetch(answer(200, {}));
  await client(fetch).runs.get('a/b?c');
  expect(seen[0]?.url).toBe('http://holdfast.test/v1/runs/a%2Fb%3Fc');
});
