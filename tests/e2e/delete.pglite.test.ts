import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Holdfast } from '@holdfast/sdk';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { boss, Family, helper } from './support/children.ts';
import { type Answer, scribe, startServer, type TestServer } from './support/server.ts';
import { describeStrays } from './support/strays-suite.ts';

/** Above what an event holds itself, so that it becomes a file. */
const large = 'word '.repeat(20_000);
const DAY = 86_400_000;

let server: TestServer;
let tenant: string;
let key: string;
let family: Family;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ id: tenant, key } = await server.tenant('mine'));
  family = Family.with(server, key);
  const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'asked' }] };
  await family.publish(
    scribe('scribe', 1, { context: { max_tokens: 1_000_000 } }),
    scribe('asker', 1, asks),
    { name: 'echo', tools: [{ builtin: 'ask' }], rehearsal: [{ say: 'heard {{input}}' }] },
    helper('asking', [{ tool: 'ask', args: { question: 'well?' } }]),
    helper('writer', [], { rehearsal: [{ say: 'written' }] }),
    boss('boss', ['writer', 'asking'], { context: { max_tokens: 1_000_000 } }),
  );
});
afterAll(() => server.close());

const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  server.ask(key, method, `/v1${path}`, body, headers);
const remove = (run: string): Promise<Answer> => ask('DELETE', `/runs/${run}`);
const folderOf = (run: string): string => join(server.files, tenant, run);
const isThere = async (run: string): Promise<boolean> => (await ask('GET', `/runs/${run}`)).status === 200;
const filesGone = (run: string) => expect.poll(() => existsSync(folderOf(run)), { timeout: 10_000 }).toBe(false);
const written = async (): Promise<string> => {
  const run = await family.start('scribe', { input: large });
  await family.becomes(run, 'succeeded');
  return run;
};
const asking = async (over: object = {}): Promise<string> => {
  const run = await family.start('asker', over);
  await family.becomes(run, 'waiting');
  return run;
};
const sql = (text: string, values: readonly unknown[] = []) =>
  server.database.connections.lend((one) => one.query(text, values));
const lines = async () =>
  (await ask('GET', '/audit?operation=runs.delete'))['json']['items'] as {
    target: string;
    detail: Record<string, unknown>;
    by: { type: string; id: string };
  }[];

describe('a run that is deleted', () => {
  test('is gone: its log, what follows from it, and its files on the disk', async () => {
    const run = await written();
    // The report, and the input that was too large for its event.
    expect(readdirSync(folderOf(run)).length).toBeGreaterThanOrEqual(2);
    const usage = await family.ask('GET', '/usage');
    expect((await remove(run)).status).toBe(204);
    for (const path of ['', '/events', '/effects', '/artifacts'])
      expect(await ask('GET', `/runs/${run}${path}`)).toMatchObject({ status: 404, json: { code: 'run_not_found' } });
    const stream = await ask('GET', `/runs/${run}/events`, undefined, { accept: 'text/event-stream' });
    expect(stream).toMatchObject({ status: 404, json: { code: 'run_not_found' } });
    for (const word of ['pause', 'resume', 'cancel'])
      expect(await ask('POST', `/runs/${run}/${word}`)).toMatchObject({ status: 404 });
    expect((await ask('GET', '/runs')).text).not.toContain(run);
    expect(await remove(run)).toMatchObject({ status: 404, json: { code: 'run_not_found' } });
    await filesGone(run);
    expect((await family.ask('GET', '/usage'))['items']).toEqual(usage['items']);
    const [line] = await lines();
    expect(line).toMatchObject({ target: `/v1/runs/${run}`, detail: { deleted: 1 }, by: { type: 'api-key' } });
  });

  test('must have ended; the answer names its state', async () => {
    const run = await asking();
    const refusal = await remove(run);
    expect(refusal).toMatchObject({ status: 409, json: { code: 'run_live', run_status: 'waiting' } });
    expect(refusal.json['detail']).toContain(`${run} is waiting`);
    await ask('POST', `/runs/${run}/pause`);
    await family.becomes(run, 'paused');
    expect((await remove(run)).json['detail']).toContain('is paused');
    expect(await lines()).not.toContainEqual(expect.objectContaining({ target: `/v1/runs/${run}` }));
    await ask('POST', `/runs/${run}/cancel`);
    await family.becomes(run, 'cancelled');
    expect((await remove(run)).status).toBe(204);
  });

  test('is not deleted for another tenant, for another role or for nobody', async () => {
    const run = await written();
    const other = await server.tenant('other');
    const deleted = (who: string | null) => server.ask(who, 'DELETE', `/v1/runs/${run}`);
    expect(await deleted(other.key)).toMatchObject({ status: 404, json: { code: 'run_not_found' } });
    for (const role of ['viewer', 'operator', 'builder', 'auditor'] as const)
      expect(await deleted(await server.key(tenant, [role]))).toMatchObject({ status: 403 });
    expect(await deleted(null)).toMatchObject({ status: 401 });
    expect(await isThere(run)).toBe(true);
    expect(readdirSync(folderOf(run)).length).toBeGreaterThan(0);
  });

  test('takes the runs below it with it, which stay while it lives', async () => {
    const top = await family.start('boss');
    const [done = '', waits = ''] = await family.children(top, 2);
    await family.becomes(done, 'succeeded');
    await family.becomes(waits, 'waiting');
    const refusal = await remove(done);
    expect(refusal).toMatchObject({ status: 409, json: { code: 'parent_live', run_status: 'waiting' } });
    expect(refusal.json['detail']).toContain(`${top}, which is waiting`);
    expect((await remove(top)).json['detail']).toContain(`${top} is waiting`);
    const [open = {}] = (await family.ask('GET', `/attention?run=${waits}`))['items'] as Record<string, unknown>[];
    await family.decide(waits, String(open['ref']), { decision: 'answer', answer: 'yes' });
    await family.becomes(top, 'succeeded');
    expect((await remove(top)).status).toBe(204);
    for (const run of [top, done, waits]) expect(await isThere(run)).toBe(false);
    expect((await lines())[0]).toMatchObject({ target: `/v1/runs/${top}`, detail: { deleted: 3 } });
  });

  test('leaves its forks as they are, with files of their own', async () => {
    const source = await written();
    const { id } = await family.ask('POST', `/runs/${source}/fork`, { message: 'go on' });
    const fork = String(id);
    await family.becomes(fork, 'succeeded');
    const before = await family.ask('GET', `/runs/${fork}/artifacts`);
    expect((await remove(source)).status).toBe(204);
    await filesGone(source);
    const after = await family.ask('GET', `/runs/${fork}/artifacts`);
    expect(after).toEqual(before);
    const [file] = after['items'] as { digest: string }[];
    expect((await ask('GET', `/runs/${fork}/artifacts/${file?.digest}`)).text).toBe('note');
    // The copied first event, whose facts are a file.
    const copied = await family.run(fork);
    expect(copied['input']).toEqual([{ type: 'text', text: large }]);
    expect(copied['forked_from']).toMatchObject({ run: source });
    expect(await ask('POST', `/runs/${source}/fork`, {})).toMatchObject({ status: 404 });
    const again = await family.ask('POST', `/runs/${fork}/rerun`);
    await family.becomes(String(again['id']), 'succeeded');
  });

  test('lets its Idempotency-Key go', async () => {
    const start = () => ask('POST', '/runs', { agent: 'echo', input: 'private' }, { 'idempotency-key': 'delete-1' });
    const first = String((await start()).json['id']);
    await family.becomes(first, 'succeeded');
    expect((await start()).headers.get('idempotent-replayed')).toBe('true');
    expect((await remove(first)).status).toBe(204);
    const again = await start();
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    expect(again.json['id']).not.toBe(first);
  });
});

describe('those who follow a run that is deleted', () => {
  /** As if its end had been lost on the way to this process. */
  const endSilently = (run: string) =>
    sql("update holdfast.runs set status = 'failed', ended_at = updated_at where id = $1", [run]);
  const follow = async (run: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
    const open = await fetch(`${server.url}/v1/runs/${run}/events`, { headers });
    await expect.poll(() => server.api.ports.streams.open).toBeGreaterThan(0);
    return open;
  };

  test('are told, and find nothing when they come again', async () => {
    const run = await asking();
    const stream = await follow(run);
    const client = new Holdfast({ url: server.url, key, validate: true });
    const iterated = (async () => {
      for await (const _event of client.runs.events(run)) continue;
    })();
    const waits = ask('GET', `/runs/${run}`, undefined, { prefer: 'wait=30' });
    await expect.poll(() => server.api.ports.streams.ends.open).toBe(1);
    await endSilently(run);
    // Which would find it, too.
    const sweep = vi.spyOn(server.api.ports.streams, 'sweep').mockResolvedValue();
    expect((await remove(run)).status).toBe(204);
    await expect.poll(() => server.api.ports.streams.ends.open, { timeout: 5_000 }).toBe(0);
    await expect.poll(() => server.api.ports.streams.open, { timeout: 5_000 }).toBe(0);
    sweep.mockRestore();
    expect((await stream.text()).split('\n\n').at(-2)).toBe(
      'event: cut\ndata: {"reason":"deleted","message":"the run was deleted"}',
    );
    await expect(iterated).rejects.toMatchObject({ code: 'run_not_found' });
    expect(await waits).toMatchObject({ status: 404, json: { code: 'run_not_found' } });
  });

  test('are told by the sweep where the hint was lost', async () => {
    const run = await asking();
    const stream = await follow(run);
    await endSilently(run);
    await sql(
      `begin; select pg_catalog.set_config('hf.tenant', '${tenant}', true); select holdfast.delete_run('${run}'); commit`,
    );
    await server.api.ports.streams.sweep();
    expect(await stream.text()).toContain('"reason":"deleted"');
  });
});

describe('a thread', () => {
  const newThread = async (): Promise<string> => String((await family.ask('POST', '/threads', {}))['id']);
  const said = async (thread: string, input: string): Promise<string> => {
    const run = await family.start('echo', { thread, input });
    await family.becomes(run, 'succeeded');
    return run;
  };
  const saidBefore = async (run: string): Promise<unknown> => {
    const [admitted] = await family.of(run, 'run.admitted');
    const before = admitted?.['thread'] as { run: string; said: { content: { text: string }[] }[] } | undefined;
    return before && [before.run, before.said.map(({ content }) => content[0]?.text)];
  };

  test('goes on when one of its runs is deleted, and knows what the others have pinned', async () => {
    const thread = await newThread();
    const [one, two] = [await said(thread, 'one'), await said(thread, 'two')];
    expect((await remove(one)).status).toBe(204);
    const three = await said(thread, 'three');
    expect(await saidBefore(three)).toEqual([two, ['one', 'heard one', 'two', 'heard two']]);
    expect((await remove(three)).status).toBe(204);
    expect((await family.ask('GET', `/threads/${thread}`))['last_run']).toBe(two);
    expect(await saidBefore(await said(thread, 'four'))).toEqual([two, ['one', 'heard one', 'two', 'heard two']]);
    for (const { id } of (await family.ask('GET', `/runs?thread=${thread}`))['items'] as { id: string }[])
      expect((await remove(id)).status).toBe(204);
    expect(await family.ask('GET', `/threads/${thread}`)).toMatchObject({ last_run: null, active_run: null });
    expect(await saidBefore(await said(thread, 'five'))).toBeUndefined();
  });

  test('is deleted with all its runs, once they have ended', async () => {
    const thread = await newThread();
    const [one, live] = [await said(thread, large), await asking({ thread })];
    const refusal = await ask('DELETE', `/threads/${thread}`);
    expect(refusal).toMatchObject({
      status: 409,
      json: { code: 'thread_busy', active_run: live, run_status: 'waiting' },
    });
    expect(refusal.json['detail']).toContain(`${live} of the thread ${thread} is waiting`);
    await ask('POST', `/runs/${live}/cancel`);
    await family.becomes(live, 'cancelled');
    expect(existsSync(folderOf(one))).toBe(true);
    const other = await server.tenant('of threads');
    expect(await server.ask(other.key, 'DELETE', `/v1/threads/${thread}`)).toMatchObject({ status: 404 });
    const operator = await server.key(tenant, ['operator']);
    expect(await server.ask(operator, 'DELETE', `/v1/threads/${thread}`)).toMatchObject({ status: 403 });
    expect((await ask('DELETE', `/threads/${thread}`)).status).toBe(204);
    for (const run of [one, live]) expect(await isThere(run)).toBe(false);
    for (const method of ['GET', 'DELETE'])
      expect(await ask(method, `/threads/${thread}`)).toMatchObject({
        status: 404,
        json: { code: 'thread_not_found' },
      });
    expect(await ask('POST', '/runs', { agent: 'echo', thread })).toMatchObject({ status: 404 });
    await filesGone(one);
    const [line] = (await family.ask('GET', '/audit?operation=threads.delete'))['items'] as unknown[];
    expect(line).toMatchObject({ target: `/v1/threads/${thread}`, detail: { deleted: 2 } });
  });
});

describe('retention', () => {
  const age = (run: string, days: number) =>
    sql('update holdfast.runs set ended_at = ended_at - $2::bigint where id = $1', [run, days * DAY]);

  test('is for ever at first, and deletes by itself once it is set', async () => {
    expect(await family.ask('GET', '/retention')).toEqual({ days: null });
    const [old, young] = [await written(), await written()];
    await age(old, 31);
    await age(young, 29);
    const usage = (await family.ask('GET', '/usage'))['items'];
    expect(await family.ask('PUT', '/retention', { days: 30 })).toEqual({ days: 30 });
    await expect.poll(() => isThere(old), { timeout: 10_000 }).toBe(false);
    await filesGone(old);
    expect(await isThere(young)).toBe(true);
    expect(await family.ask('GET', '/retention')).toEqual({ days: 30 });
    expect((await family.ask('GET', '/usage'))['items']).toEqual(usage);
    expect((await lines())[0]).toMatchObject({
      target: '/v1/runs',
      by: { type: 'system', id: 'retention' },
      detail: { retention_days: 30, deleted: 1, runs: [old] },
    });
    expect(await family.ask('PUT', '/retention', { days: null })).toEqual({ days: null });
  });

  test('changes only from what If-Match names', async () => {
    const fresh = await server.tenant('bound');
    const set = (days: number | null, etag: string) =>
      server.ask(fresh.key, 'PUT', '/v1/retention', { days }, { 'if-match': etag });
    const read = () => server.ask(fresh.key, 'GET', '/v1/retention');
    const first = (await read()).headers.get('etag') ?? '';
    const changed = await set(30, first);
    expect(changed).toMatchObject({ status: 200, json: { days: 30 } });
    expect(changed.headers.get('etag')).toBe((await read()).headers.get('etag'));
    expect(await set(7, first)).toMatchObject({ status: 412, json: { code: 'etag_mismatch' } });
    expect((await read()).json).toEqual({ days: 30 });
    // Something holds always, even if it is for ever.
    expect((await set(null, '*')).headers.get('etag')).toBe(first);
    expect((await set(30, '*')).status).toBe(200);
    expect(await set(7, '30')).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });

  test('of one tenant is not that of another, nor everybody’s to set', async () => {
    const other = await server.tenant('keeper');
    const set = (who: string, days: unknown) => server.ask(who, 'PUT', '/v1/retention', { days });
    expect((await set(other.key, 7)).status).toBe(200);
    expect(await family.ask('GET', '/retention')).toEqual({ days: null });
    const viewer = await server.key(tenant, ['viewer']);
    expect((await server.ask(viewer, 'GET', '/v1/retention')).json).toEqual({ days: null });
    expect((await set(await server.key(tenant, ['builder']), 7)).status).toBe(403);
    for (const days of [0, -1, 1.5, 3_651, '30', undefined])
      expect(await set(key, days)).toMatchObject({ status: 422, json: { code: 'validation_failed' } });
  });
});

describeStrays(() => server);
