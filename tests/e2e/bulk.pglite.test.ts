import { randomUUID } from 'node:crypto';
import type { BulkOperationResource } from '@holdfast/contracts';
import { type BulkPorts, type OutboxHandler, type OutboxRow, workBulk } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeBulkRefusals } from './support/bulk-refusals-suite.ts';
import { idleBulk } from './support/idle-bulk.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let tenant: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key, id: tenant } = await server.tenant('mine'));
  const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'Heard {{last}}' }] };
  expect((await post('/v1/agents', scribe('asker', 1, asks))).status).toBe(201);
  await published(1, 'sayer');
});
afterAll(() => server.close());

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  server.ask(key, 'POST', path, body, headers);
const get = (path: string) => server.ask(key, 'GET', path);

/** An agent that says one word, in so many versions. Returns its name. */
async function published(versions: number, name = `a${randomUUID().slice(0, 8)}`): Promise<string> {
  for (let version = 1; version <= versions; version += 1) {
    const agent = scribe(name, 1, { rehearsal: Array.from({ length: version }, () => ({ say: 'word' })) });
    expect((await post('/v1/agents', agent)).status).toBe(201);
  }
  return name;
}

/** Runs of a tag of their own, waiting for an answer (of `asker`) or ended. */
async function runsOf(agent: string, count: number, more: object = {}) {
  const tag = `t${randomUUID().slice(0, 8)}`;
  const runs: string[] = [];
  for (let index = 0; index < count; index += 1)
    runs.push(String((await post('/v1/runs', { agent, tags: [tag], ...more })).json['id']));
  const status = agent === 'asker' ? 'waiting' : 'succeeded';
  await expect.poll(async () => (await list(`tag=${tag}&status=${status}`)).length, { timeout: 20_000 }).toBe(count);
  return { tag, runs };
}

interface Run {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly forked_from: { readonly run: string } | null;
  readonly metadata: object;
}

const list = async (query: string): Promise<Run[]> => (await get(`/v1/runs?limit=200&${query}`)).json['items'] as Run[];

const sourcesOf = (forks: readonly Run[]): string[] =>
  forks.map(({ forked_from: from }) => String(from?.run)).toSorted();

async function statusesOf(runs: readonly string[]): Promise<string[]> {
  return Promise.all(runs.map(async (run) => String((await get(`/v1/runs/${run}`)).json['status'])));
}

async function begin(body: object, headers?: Record<string, string>): Promise<BulkOperationResource> {
  const { status, json } = await post('/v1/bulk', body, headers);
  expect(status).toBe(202);
  return json as unknown as BulkOperationResource;
}

async function ended(id: string): Promise<BulkOperationResource> {
  const read = async () => (await get(`/v1/bulk/${id}`)).json;
  await expect.poll(async () => (await read())['ended_at'], { timeout: 20_000 }).not.toBeNull();
  return (await read()) as unknown as BulkOperationResource;
}

const done = async (body: object): Promise<BulkOperationResource> => ended((await begin(body)).id);

describe('the same to many runs', () => {
  test('cancel: what lives is cancelled by whoever asked, what has ended is skipped', async () => {
    const { tag, runs } = await runsOf('asker', 3);
    await post(`/v1/runs/${runs[1] ?? ''}/cancel`, {});
    await expect.poll(() => list(`tag=${tag}&status=cancelled`), { timeout: 10_000 }).toHaveLength(1);
    const begun = await begin({ operation: 'cancel', filter: { tag }, reason: 'too many' });
    expect(begun).toMatchObject({ operation: 'cancel', filter: { tag }, status: 'running', done: 0, ended_at: null });
    expect(await ended(begun.id)).toMatchObject({
      id: begun.id,
      status: 'done',
      matched: 3,
      done: 2,
      skipped: 1,
      skipped_because: { run_ended: 1 },
      failed: 0,
      errors: [],
      by: begun.by,
    });
    await expect.poll(() => list(`tag=${tag}&status=cancelled`), { timeout: 10_000 }).toHaveLength(3);
    const events = (await get(`/v1/runs/${runs[0] ?? ''}/events?limit=1000`)).json['items'] as {
      type: string;
      data: object;
    }[];
    expect(events.find(({ type }) => type === 'run.cancel_requested')?.data).toMatchObject({
      reason: 'too many',
      by: { type: 'api-key', id: begun.by.id },
    });
  });

  test('pause and resume', async () => {
    const { tag, runs } = await runsOf('asker', 3);
    expect(await done({ operation: 'resume', filter: { tag } })).toMatchObject({
      done: 0,
      skipped_because: { run_not_paused: 3 },
    });
    expect(await done({ operation: 'pause', filter: { tag } })).toMatchObject({ done: 3, skipped: 0 });
    expect(await statusesOf(runs)).toEqual(['paused', 'paused', 'paused']);
    expect(await done({ operation: 'pause', filter: { tag } })).toMatchObject({
      done: 0,
      skipped_because: { run_already_paused: 3 },
    });
    expect(await done({ operation: 'resume', filter: { tag, status: 'paused' } })).toMatchObject({ done: 3 });
    expect(await statusesOf(runs)).toEqual(['waiting', 'waiting', 'waiting']);
  });

  test('rerun: one new run of each, none of those it makes itself, and none that lives', async () => {
    const { tag, runs } = await runsOf('sayer', 4, { metadata: { team: 'a' } });
    const living = String((await post('/v1/runs', { agent: 'asker', tags: [tag] })).json['id']);
    await expect.poll(() => statusesOf([living]), { timeout: 10_000 }).toEqual(['waiting']);
    expect(await done({ operation: 'rerun', filter: { tag } })).toMatchObject({
      matched: 5,
      done: 4,
      skipped_because: { run_live: 1 },
    });
    // They have the tags and metadata of their sources.
    const forks = (await list(`tag=${tag}`)).filter(({ forked_from: from }) => from !== null);
    expect(sourcesOf(forks)).toEqual(runs.toSorted());
    expect(forks.map(({ metadata }) => metadata)).toEqual(forks.map(() => ({ team: 'a' })));
    const all = forks.map(({ id }) => id);
    await expect.poll(() => statusesOf(all), { timeout: 10_000 }).toEqual(all.map(() => 'succeeded'));
  });

  test('fork: into another version, with tags to find the new runs by', async () => {
    const name = await published(2);
    const { tag, runs } = await runsOf(name, 3, { version: 1 });
    await server.ask(key, 'PUT', `/v1/agents/${name}/aliases/next`, { version: 2 });
    const into = `${tag}-new`;
    const filter = { tag, agent: name, status: 'succeeded' };
    const bulk = { operation: 'fork', filter, alias: 'next', tags: [into], metadata: { wave: '2' } };
    expect(await done(bulk)).toMatchObject({ done: 3, skipped: 0, failed: 0 });
    const forks = await list(`tag=${into}`);
    expect(sourcesOf(forks)).toEqual(runs.toSorted());
    for (const fork of forks) expect(fork).toMatchObject({ version: 2, metadata: { wave: '2' } });
    expect(await list(`tag=${tag}`)).toHaveLength(3);
  });

  test('what does not work is told, and does not keep the others from it', async () => {
    const { tag, runs } = await runsOf(await published(2), 2, { version: 1 });
    const single = await published(1);
    const other = String((await post('/v1/runs', { agent: single, tags: [tag] })).json['id']);
    await expect.poll(() => statusesOf([other]), { timeout: 10_000 }).toEqual(['succeeded']);
    const end = await done({ operation: 'fork', filter: { tag }, version: 2 });
    expect(end).toMatchObject({ matched: 3, done: 2, failed: 1 });
    expect(end.errors).toEqual([{ run: other, code: 'version_not_found', detail: expect.stringContaining(single) }]);
    const forks = await list(`tag=${tag}&version=2`);
    expect(sourcesOf(forks)).toEqual(runs.toSorted());
  });

  test.each([
    ['an agent', { agent: 'nobody' }],
    ['a thread', { thread: randomUUID() }],
    ['a parent', { parent: randomUUID() }],
    ['a time', { created_before: '2020-01-01T01:00:00+01:00' }],
    ['a version', { version: 999 }],
  ])('nothing, when nothing fits: %s', async (_what, filter) => {
    expect(await done({ operation: 'cancel', filter })).toMatchObject({
      status: 'done',
      matched: 0,
      done: 0,
      skipped: 0,
    });
  });

  test('more runs than one query looks at', async () => {
    const { tag } = await runsOf('asker', 12);
    // Runs that have ended are passed by their status alone: they need no log.
    await server.database.connections.lend((sql) =>
      sql.query(
        `insert into holdfast.runs
           (id, tenant_id, agent, version_id, version, tags, metadata, created_at, status, waiting_for, updated_at, ended_at)
         select ('01900000-' || lpad(to_hex(n), 4, '0') || '-7000-8000-000000000000')::uuid, tenant_id, agent,
           version_id, version, tags, '{}', 1717000000000, 'succeeded', '[]', 1, 1
         from generate_series(1, 1200) n,
           lateral (select * from holdfast.runs where tags = array[$1::text] limit 1) r`,
        [tag],
      ),
    );
    expect(await done({ operation: 'cancel', filter: { tag } })).toMatchObject({
      matched: 1_212,
      done: 12,
      skipped_because: { run_ended: 1_200 },
      failed: 0,
    });
    await expect.poll(() => list(`tag=${tag}&status=cancelled`), { timeout: 10_000 }).toHaveLength(12);
  });
});

describe('an operation', () => {
  test('is begun once for one Idempotency-Key, and another body is refused', async () => {
    const { tag } = await runsOf('sayer', 1);
    const headers = { 'idempotency-key': randomUUID() };
    const first = await begin({ operation: 'rerun', filter: { tag } }, headers);
    await ended(first.id);
    expect(await begin({ operation: 'rerun', filter: { tag } }, headers)).toEqual(first);
    expect(await post('/v1/bulk', { operation: 'rerun', filter: { tag: 'x' } }, headers)).toMatchObject({
      status: 409,
      json: { code: 'idempotency_mismatch' },
    });
    expect(await list(`tag=${tag}`)).toHaveLength(2);
  });

  test('is stopped, once, and no further run is touched', async () => {
    const bulk = await idleBulk(server, tenant);
    expect(await get(`/v1/bulk/${bulk}`)).toMatchObject({ status: 200, json: { status: 'running' } });
    const headers = { 'idempotency-key': randomUUID() };
    const stopped = await post(`/v1/bulk/${bulk}/cancel`, undefined, headers);
    expect(stopped).toMatchObject({ status: 200, json: { status: 'cancelled', ended_at: expect.any(String) } });
    expect((await post(`/v1/bulk/${bulk}/cancel`, undefined, headers)).json).toEqual(stopped.json);
    expect(await post(`/v1/bulk/${bulk}/cancel`, {})).toMatchObject({ status: 409, json: { code: 'bulk_ended' } });
    // A worker that is told of it finds nothing to do.
    await server.database.connections.lend((sql) =>
      sql.query(`insert into holdfast.due (kind, subject, tenant_id, at) values ('bulk', $1, $2, 1)`, [bulk, tenant]),
    );
    const left = () =>
      server.database.connections.lend((sql) => sql.query('select from holdfast.due where subject = $1', [bulk]));
    await expect.poll(left, { timeout: 10_000 }).toEqual([]);
    expect((await get(`/v1/bulk/${bulk}`)).json).toEqual(stopped.json);
  });

  test('is listed newest first, in pages', async () => {
    const fresh = await server.tenant('lists');
    const ids: string[] = [];
    for (const tag of ['a', 'b', 'c']) {
      const { json } = await server.ask(fresh.key, 'POST', '/v1/bulk', { operation: 'pause', filter: { tag } });
      ids.push(String(json['id']));
    }
    const page = (query: string) => server.ask(fresh.key, 'GET', `/v1/bulk?limit=2${query}`);
    const first = await page('');
    const second = await page(`&cursor=${String(first.json['next_cursor'])}`);
    const items = [first, second].flatMap(({ json }) => json['items'] as { id: string }[]);
    expect(items.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(second.json['next_cursor']).toBeNull();
  });

  test('is not there for another tenant, and touches none of its runs', async () => {
    const { tag, runs } = await runsOf('asker', 1);
    const other = await server.tenant('other');
    const foreign = await server.ask(other.key, 'POST', '/v1/bulk', { operation: 'cancel', filter: { tag } });
    const path = `/v1/bulk/${String(foreign.json['id'])}`;
    await expect
      .poll(async () => (await server.ask(other.key, 'GET', path)).json, { timeout: 10_000 })
      .toMatchObject({ status: 'done', matched: 0 });
    expect(await statusesOf(runs)).toEqual(['waiting']);
    const bulk = await idleBulk(server, tenant);
    for (const [method, of] of [
      ['GET', `/v1/bulk/${bulk}`],
      ['POST', `/v1/bulk/${bulk}/cancel`],
    ] as const)
      expect(await server.ask(other.key, method, of)).toMatchObject({ status: 404, json: { code: 'bulk_not_found' } });
  });

  test('takes an operator', async () => {
    const viewer = await server.key(tenant, ['viewer']);
    const body = { operation: 'cancel', filter: { tag: 'x' } };
    expect(await server.ask(viewer, 'POST', '/v1/bulk', body)).toMatchObject({
      status: 403,
      json: { code: 'forbidden' },
    });
    const operator = await server.key(tenant, ['operator']);
    expect((await server.ask(operator, 'POST', '/v1/bulk', body)).status).toBe(202);
    expect((await server.ask(viewer, 'GET', '/v1/bulk')).status).toBe(200);
  });
});

describe('the work of it', () => {
  /** What a worker gives the handler, with `change` in it. */
  async function handlerWith(change: (ports: BulkPorts) => Partial<BulkPorts>): Promise<OutboxHandler> {
    const { database, api } = server;
    const stores = await database.worker(`w${randomUUID().slice(0, 8)}`);
    const { artifacts, versions, clock } = api.ports;
    const ports: BulkPorts = { ...stores, artifacts, versions, clock, log: api.ports.log };
    return workBulk({ ...ports, ...change(ports) });
  }
  const rowOf = (subject: string, attempt = 1): OutboxRow => ({
    kind: 'bulk',
    tenant,
    subject,
    attempt,
    reservedUntil: 0,
  });
  /** A worker that is slow takes several slices. */
  async function finish(handler: OutboxHandler, row: OutboxRow): Promise<void> {
    while ((await handler(row)) !== 'done');
  }
  const rerun = (tag: string) =>
    idleBulk(server, tenant, { work: { type: 'rerun', changes: { tags: [`${tag}-new`] } }, filter: { tag } });

  test('two workers at once do each run once', async () => {
    const { tag, runs } = await runsOf('sayer', 12);
    const bulk = await rerun(tag);
    const handlers = await Promise.all([1, 2, 3].map(() => handlerWith(() => ({}))));
    await Promise.all(handlers.map((handler) => finish(handler, rowOf(bulk))));
    expect((await get(`/v1/bulk/${bulk}`)).json).toMatchObject({ status: 'done', matched: 12, done: 12 });
    expect(sourcesOf(await list(`tag=${tag}-new`))).toEqual(runs.toSorted());
  });

  test('a run that moves while it is prepared is looked at again', async () => {
    const { tag, runs } = await runsOf('asker', 12);
    const bulk = await idleBulk(server, tenant, { work: { type: 'cancel' }, filter: { tag } });
    const moving = runs[4] ?? '';
    let moved = 0;
    const handler = await handlerWith(({ transactions }) => ({
      transactions: {
        run: async (scope, work) => {
          moved += 1;
          // The counting comes first. A message to a run changes its head.
          if (moved === 2) expect((await post(`/v1/runs/${moving}/messages`, { content: 'wait' })).status).toBe(202);
          return transactions.run(scope, work);
        },
      },
    }));
    await finish(handler, rowOf(bulk));
    expect((await get(`/v1/bulk/${bulk}`)).json).toMatchObject({ done: 12, skipped: 0, failed: 0 });
    await expect.poll(() => list(`tag=${tag}&status=cancelled`), { timeout: 10_000 }).toHaveLength(12);
  });

  test('a run with which it does not work is tried again, then passed; the others are done', async () => {
    const { tag, runs } = await runsOf('sayer', 4);
    const bulk = await rerun(tag);
    const bad = runs[2] ?? '';
    const handler = await handlerWith(({ directory }) => ({
      directory: { get: (ref) => (ref.run === bad ? Promise.reject(new Error('disk')) : directory.get(ref)) },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    }));
    for (const attempt of [1, 2]) await expect(finish(handler, rowOf(bulk, attempt))).rejects.toThrow('disk');
    expect((await get(`/v1/bulk/${bulk}`)).json).toMatchObject({ status: 'running', matched: 4, done: 1, failed: 0 });
    await finish(handler, rowOf(bulk, 3));
    expect((await get(`/v1/bulk/${bulk}`)).json).toMatchObject({
      status: 'done',
      done: 3,
      failed: 1,
      errors: [{ run: bad, code: 'internal' }],
    });
    expect(sourcesOf(await list(`tag=${tag}-new`))).toEqual(runs.filter((run) => run !== bad).toSorted());
  });

  test('what somebody cancels between two steps goes no further', async () => {
    const { tag } = await runsOf('sayer', 12);
    const bulk = await rerun(tag);
    let steps = 0;
    const handler = await handlerWith(({ transactions }) => ({
      transactions: {
        run: async (scope, work) => {
          steps += 1;
          if (steps === 3) expect((await post(`/v1/bulk/${bulk}/cancel`, {})).status).toBe(200);
          return transactions.run(scope, work);
        },
      },
    }));
    await finish(handler, rowOf(bulk));
    expect((await get(`/v1/bulk/${bulk}`)).json).toMatchObject({ status: 'cancelled', matched: 12, done: 10 });
    expect(await list(`tag=${tag}-new`)).toHaveLength(10);
  });
});

describeBulkRefusals(() => ({ server, key }));
