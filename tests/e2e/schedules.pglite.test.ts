import { randomUUID } from 'node:crypto';
import { scheduleResource, type ScheduleResource } from '@holdfast/contracts';
import {
  DatabaseUnavailable,
  fireSchedules,
  type OutboxHandler,
  type OutboxRow,
  type SchedulePorts,
  type ScheduleSpec,
} from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idleSchedule } from './support/idle-schedule.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let tenant: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key, id: tenant } = await server.tenant('mine'));
  const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'Heard {{last}}' }] };
  expect((await post('/v1/agents', scribe('asker', 1, asks))).status).toBe(201);
  expect((await post('/v1/agents', scribe('sayer', 1, { rehearsal: [{ say: 'word' }] }))).status).toBe(201);
});
afterAll(() => server.close());

const post = (path: string, body?: unknown, headers?: Record<string, string>) =>
  server.ask(key, 'POST', path, body, headers);
const get = (path: string) => server.ask(key, 'GET', path);

interface Run {
  readonly id: string;
  readonly status: string;
  readonly schedule: { readonly id: string; readonly tick: string | null };
}

/** Oldest tick first. */
const runsOf = async (schedule: string): Promise<Run[]> => {
  const runs = (await get(`/v1/runs?limit=200&schedule=${schedule}`)).json['items'] as Run[];
  return runs.toSorted((a, b) => String(a.schedule.tick).localeCompare(String(b.schedule.tick)));
};
const read = async (id: string): Promise<ScheduleResource> =>
  scheduleResource.parse((await get(`/v1/schedules/${id}`)).json);
const becomes = (run: string, status: string) =>
  expect.poll(async () => (await get(`/v1/runs/${run}`)).json['status'], { timeout: 20_000 }).toBe(status);

/** At a time that no test lives to see. */
const bodyOf = (over: object = {}) => ({ name: `s-${randomUUID()}`, agent: 'sayer', cron: '0 0 29 2 *', ...over });
async function created(over: object = {}): Promise<ScheduleResource> {
  const { status, json } = await post('/v1/schedules', bodyOf(over));
  expect(status).toBe(201);
  return scheduleResource.parse(json);
}

describe('a schedule', () => {
  test('starts one run at each of its ticks, and says what it does', async () => {
    const { id, ...made } = await created({
      cron: '* * * * * *',
      tags: ['clock'],
      metadata: { by: 'clock' },
      input: 'Go.',
    });
    expect(made).toMatchObject({ fired: 0, last_run: null, last_tick: null, paused: null, revision: 1 });
    await expect.poll(async () => (await read(id)).fired, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    await post(`/v1/schedules/${id}/pause`, { reason: 'enough' });
    const end = await read(id);
    expect(end).toMatchObject({
      next_at: null,
      paused: { reason: 'enough', by: { type: 'api-key' } },
      failed: 0,
      missed: 0,
    });
    const runs = await runsOf(id);
    expect(runs).toHaveLength(end.fired);
    expect(new Set(runs.map(({ schedule }) => schedule.tick)).size).toBe(runs.length);
    expect(runs.at(-1)).toMatchObject({ id: end.last_run, schedule: { id, tick: end.last_tick } });
    for (const { id: run } of runs) await becomes(run, 'succeeded');
    const run = (await get(`/v1/runs/${end.last_run ?? ''}`)).json;
    expect(run).toMatchObject({ tags: ['clock'], metadata: { by: 'clock' }, input: [{ text: 'Go.' }] });
    const events = (await get(`/v1/runs/${end.last_run ?? ''}/events`)).json['items'] as { data: object }[];
    expect(events[0]?.data).toMatchObject({ by: { type: 'system', id: 'schedule' } });
    // Resumed, it goes on from then.
    const before = Date.now();
    await post(`/v1/schedules/${id}/resume`);
    await expect.poll(async () => (await read(id)).fired, { timeout: 20_000 }).toBeGreaterThan(end.fired);
    await server.ask(key, 'DELETE', `/v1/schedules/${id}`);
    const later = (await runsOf(id)).slice(runs.length);
    for (const { schedule } of later) expect(Date.parse(String(schedule.tick))).toBeGreaterThan(before - 1_000);
  });

  test('is read by its id and its name, and listed by name in pages', async () => {
    const fresh = await server.tenant('lists');
    await server.ask(fresh.key, 'POST', '/v1/agents', scribe('sayer', 1));
    for (const name of ['b', 'c', 'a']) await server.ask(fresh.key, 'POST', '/v1/schedules', bodyOf({ name }));
    const page = async (query: string) => (await server.ask(fresh.key, 'GET', `/v1/schedules?limit=2${query}`)).json;
    const first = await page('');
    const second = await page(`&cursor=${String(first['next_cursor'])}`);
    const items = [first, second].flatMap((each) => each['items'] as ScheduleResource[]);
    expect(items.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(second['next_cursor']).toBeNull();
    const named = await server.ask(fresh.key, 'GET', '/v1/schedules/b');
    expect(named.json).toEqual((await server.ask(fresh.key, 'GET', `/v1/schedules/${items[1]?.id ?? ''}`)).json);
    expect((await get('/v1/schedules/b')).status).toBe(404);
  });

  test('is made with what is left out as it says, and once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = bodyOf();
    const first = await post('/v1/schedules', body, headers);
    expect(first.json).toMatchObject({
      time_zone: 'UTC',
      jitter_seconds: 0,
      overlap: 'skip',
      catch_up_seconds: 86_400,
      version: null,
      alias: null,
      starts_at: null,
      input: '',
    });
    expect(first.json['next_at']).toMatch(/^20\d\d-02-29T00:00:00/);
    expect((await post('/v1/schedules', body, headers)).json).toEqual(first.json);
  });

  test('is changed whole, when it is still what was read', async () => {
    const { id, name } = await created();
    const change = (body: object, etag?: string) =>
      server.ask(key, 'PUT', `/v1/schedules/${id}`, body, etag === undefined ? {} : { 'if-match': etag });
    const etag = (await get(`/v1/schedules/${id}`)).headers.get('etag') ?? '';
    const changed = await change(
      bodyOf({ name, cron: '0 9 * * *', time_zone: 'Asia/Kolkata', overlap: 'allow' }),
      etag,
    );
    expect(changed).toMatchObject({ status: 200, json: { revision: 2, overlap: 'allow' } });
    expect(changed.json['next_at']).toMatch(/T03:30:00/);
    expect((await change(bodyOf({ name }), etag)).status).toBe(412);
    expect(changed.headers.get('etag')).toBe('"2"');
    expect((await change(bodyOf({ name }))).status).toBe(200);
    // A pause is a change, too.
    await post(`/v1/schedules/${id}/pause`);
    expect((await change(bodyOf({ name }), '"3"')).status).toBe(412);
    const { headers } = await get(`/v1/schedules/${id}`);
    expect(await change(bodyOf({ name }), headers.get('etag') ?? '')).toMatchObject({
      status: 200,
      json: { paused: { reason: null }, next_at: null },
    });
    expect((await server.ask(key, 'DELETE', `/v1/schedules/${id}`, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await server.ask(key, 'DELETE', `/v1/schedules/${id}`)).status).toBe(204);
    expect((await get(`/v1/schedules/${id}`)).status).toBe(404);
  });

  test('is paused and resumed once, however often that is said', async () => {
    const { id } = await created();
    const paused = (await post(`/v1/schedules/${id}/pause`, { reason: 'a' })).json;
    expect((await post(`/v1/schedules/${id}/pause`, { reason: 'b' })).json).toEqual(paused);
    const resumed = (await post(`/v1/schedules/${id}/resume`)).json;
    expect((await post(`/v1/schedules/${id}/resume`)).json).toEqual(resumed);
    expect(resumed).toMatchObject({ paused: null, revision: 3 });
  });

  test.each<[string, object, string]>([
    ['four fields', { cron: '* * * *' }, '/cron'],
    ['a date that no year has', { cron: '0 0 30 2 *' }, '/cron'],
    ['a minute that no hour has', { cron: '60 * * * *' }, '/cron'],
    ['a zone that is nowhere', { time_zone: 'Mars/Olympus' }, '/time_zone'],
    ['an end that has passed', { ends_at: '2020-01-01T00:00:00Z' }, '/ends_at'],
    ['an end before its beginning', { starts_at: '2031-01-01T00:00:00Z', ends_at: '2030-01-01T00:00:00Z' }, '/ends_at'],
    ['version and alias', { version: 1, alias: 'prod' }, '/alias'],
    ['the name of an id', { name: 'a1920000-0000-7000-8000-000000000000' }, '/name'],
    ['an input as long as a book', { input: 'x'.repeat(70_000) }, '/input'],
    ['a window of nothing', { catch_up_seconds: 0 }, '/catch_up_seconds'],
  ])('is refused with %s', async (_what, over, path) => {
    const answer = await post('/v1/schedules', bodyOf(over));
    expect(answer).toMatchObject({ status: 422, json: { code: 'validation_failed' } });
    expect((answer.json['errors'] as { path: string }[]).map((error) => error.path)).toContain(path);
  });

  test.each([
    ['agent_not_found', { agent: 'nobody' }],
    ['version_not_found', { version: 9 }],
    ['alias_not_found', { alias: 'none' }],
  ])('is refused with %s', async (code, over) => {
    expect(await post('/v1/schedules', bodyOf(over))).toMatchObject({ status: 404, json: { code } });
  });

  test('tells its coming ticks, and so does a pattern', async () => {
    const { id } = await created({ cron: '0 9 * * *', time_zone: 'Asia/Kolkata', jitter_seconds: 600 });
    const ticks = async (path: string) =>
      (await get(path)).json['items'] as { readonly tick: string; readonly at: string }[];
    const coming = await ticks(`/v1/schedules/${id}/next?count=3`);
    expect(coming.map(({ tick }) => tick.slice(11))).toEqual(['03:30:00.000Z', '03:30:00.000Z', '03:30:00.000Z']);
    expect((await read(id)).next_at).toBe(coming[0]?.at);
    const pattern = await ticks('/v1/schedule-preview?cron=0%209%20*%20*%20*&time_zone=Asia/Kolkata');
    expect(pattern).toHaveLength(5);
    expect(pattern.slice(0, 3).map(({ tick }) => tick)).toEqual(coming.map(({ tick }) => tick));
    expect((await get('/v1/schedule-preview?cron=0%209%20*%20*%20*&time_zone=Mars')).status).toBe(400);
  });
});

describe('a run now', () => {
  test('is that of whoever asks, beside the ticks, also of a paused one; and one for one Idempotency-Key', async () => {
    const { id, next_at } = await created();
    await post(`/v1/schedules/${id}/pause`);
    const headers = { 'idempotency-key': randomUUID() };
    const { json } = await post(`/v1/schedules/${id}/trigger`, undefined, headers);
    expect(json).toMatchObject({ schedule: id, outcome: 'started' });
    expect((await post(`/v1/schedules/${id}/trigger`, undefined, headers)).json).toEqual(json);
    expect(await runsOf(id)).toMatchObject([{ id: json['run'], schedule: { id, tick: null } }]);
    await becomes(String(json['run']), 'succeeded');
    const events = (await get(`/v1/runs/${String(json['run'])}/events`)).json['items'] as { data: object }[];
    expect(events[0]?.data).toMatchObject({ by: { type: 'api-key' } });
    await post(`/v1/schedules/${id}/resume`);
    expect(await read(id)).toMatchObject({ next_at, fired: 1, last_run: json['run'], last_tick: null });
  });

  test('is refused while the last one has not ended, unless it is forced', async () => {
    const { id } = await created({ agent: 'asker' });
    const first = (await post(`/v1/schedules/${id}/trigger`)).json['run'];
    expect(await post(`/v1/schedules/${id}/trigger`)).toMatchObject({
      status: 409,
      json: { code: 'schedule_busy', active_run: first },
    });
    expect(await post(`/v1/schedules/${id}/trigger`, { force: true })).toMatchObject({ json: { outcome: 'started' } });
    expect(await runsOf(id)).toHaveLength(2);
  });

  test('waits for that end where the policy says so, one at most, and none of a paused one', async () => {
    const { id } = await created({ agent: 'asker', overlap: 'buffer-one' });
    const trigger = () => post(`/v1/schedules/${id}/trigger`);
    const first = String((await trigger()).json['run']);
    expect((await trigger()).json).toEqual({ schedule: id, outcome: 'buffered', run: null });
    expect((await trigger()).status).toBe(409);
    expect(await read(id)).toMatchObject({ buffered: true, fired: 1 });
    await post(`/v1/runs/${first}/cancel`);
    await expect.poll(() => runsOf(id), { timeout: 10_000 }).toHaveLength(2);
    expect(await read(id)).toMatchObject({ buffered: false, fired: 2, skipped: 0 });
    expect((await trigger()).json).toMatchObject({ outcome: 'buffered' });
    await post(`/v1/schedules/${id}/pause`);
    expect(await read(id)).toMatchObject({ buffered: false, skipped: 1 });
    expect((await trigger()).status).toBe(409);
  });

  test('takes the place of the last one where the policy says so', async () => {
    const { id } = await created({ agent: 'asker', overlap: 'cancel-other' });
    const first = String((await post(`/v1/schedules/${id}/trigger`)).json['run']);
    await becomes(first, 'waiting');
    expect((await post(`/v1/schedules/${id}/trigger`)).json).toMatchObject({ outcome: 'buffered' });
    await becomes(first, 'cancelled');
    await expect.poll(() => runsOf(id), { timeout: 10_000 }).toHaveLength(2);
  });
});

describe('the work of it', () => {
  /** What a worker gives the handler, with `change` in it. */
  async function handlerWith(
    change: (ports: SchedulePorts) => Partial<SchedulePorts> = () => ({}),
  ): Promise<OutboxHandler> {
    const stores = await server.database.worker(`w${randomUUID().slice(0, 8)}`);
    const { artifacts, clock, log } = server.api.ports;
    const ports: SchedulePorts = { ...stores, artifacts, clock, log };
    return fireSchedules({ ...ports, ...change(ports) });
  }
  const rowOf = (subject: string, attempt = 1): OutboxRow => ({
    kind: 'schedule',
    tenant,
    subject,
    attempt,
    reservedUntil: 0,
  });
  const MINUTE = 60_000;
  /** A full minute, so many before this one. */
  const ago = (minutes: number): number =>
    Math.floor(server.api.ports.clock.now() / MINUTE) * MINUTE - minutes * MINUTE;
  const idle = (spec: Partial<ScheduleSpec>, minutes: number) =>
    idleSchedule(server, tenant, spec, { reached: ago(minutes) });
  const iso = (ms: number): string => new Date(ms).toISOString();
  const tickOf = async (id: string) => (await runsOf(id)).map(({ schedule }) => schedule.tick);

  test('what no worker was there for is made up for, each tick once, also by three workers at once', async () => {
    const { id, reached } = await idle({ agent: 'sayer', overlap: 'allow' }, 20);
    const handlers = await Promise.all([1, 2, 3].map(() => handlerWith()));
    // A worker that is slow takes several slices.
    const caughtUp = async (handler: OutboxHandler): Promise<void> => {
      for (;;) {
        const next = await handler(rowOf(id));
        if (next === 'done' || next.again > server.api.ports.clock.now() + 1_000) return;
      }
    };
    await Promise.all(handlers.map(caughtUp));
    const ticks = await tickOf(id);
    expect(ticks.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => iso(reached + (index + 1) * MINUTE)));
    expect(await read(id)).toMatchObject({ fired: ticks.length, missed: 0, skipped: 0, failed: 0 });
    // Its ids do not tell another time than that of its creation.
    const recent = await get(`/v1/runs?limit=200&schedule=${id}&created_after=${iso(Date.now() - 60_000)}`);
    expect(recent.json['items']).toHaveLength(ticks.length);
  });

  test('what is older than its window is missed, and the run of an old tick is found by the time of its creation', async () => {
    const { id } = await idle(
      { agent: 'sayer', overlap: 'allow', cron: '0 * * * *', catchUpSeconds: 3 * 3_600 },
      6 * 60,
    );
    expect(await (await handlerWith())(rowOf(id))).toEqual({ again: Date.parse((await read(id)).next_at ?? '') });
    const { fired, missed } = await read(id);
    expect([fired, missed]).toEqual([3, 3]);
    const recent = await get(`/v1/runs?schedule=${id}&created_after=${iso(Date.now() - 60_000)}`);
    expect(recent.json['items']).toHaveLength(3);
  });

  test('skip: while the last run has not ended ticks are passed', async () => {
    const { id } = await idle({ endsAt: ago(0) }, 5);
    const handler = await handlerWith();
    await handler(rowOf(id));
    const { fired, skipped, last_run: run } = await read(id);
    expect([fired, skipped]).toEqual([1, 4]);
    await becomes(run ?? '', 'waiting');
  });

  test('buffer-one: one tick waits for that end', async () => {
    const { id, reached } = await idle({ overlap: 'buffer-one', endsAt: ago(0) }, 5);
    const handler = await handlerWith();
    const before = server.api.ports.clock.now();
    const again = await handler(rowOf(id));
    if (again === 'done') throw new Error('it goes on');
    expect(again.again).toBeLessThanOrEqual(server.api.ports.clock.now() + 1_000);
    expect(again.again).toBeGreaterThan(before);
    expect(await read(id)).toMatchObject({ fired: 1, skipped: 3, buffered: true });
    const [first] = await runsOf(id);
    await post(`/v1/runs/${first?.id ?? ''}/cancel`);
    await becomes(first?.id ?? '', 'cancelled');
    await handler(rowOf(id));
    expect(await tickOf(id)).toEqual([iso(reached + MINUTE), iso(reached + 2 * MINUTE)]);
    expect(await read(id)).toMatchObject({ fired: 2, buffered: false });
  });

  test('cancel-other: the last run is asked to end, and the newest tick follows it', async () => {
    const endsAt = ago(0);
    const reached = endsAt - 3 * MINUTE;
    const { id } = await idleSchedule(server, tenant, { overlap: 'cancel-other', endsAt }, { reached });
    const first = String((await post(`/v1/schedules/${id}/trigger`)).json['run']);
    await becomes(first, 'waiting');
    // It may have ended as soon as the first tick has asked for it; the others come before that.
    const waiting = await server.api.ports.directory.get({ tenant, run: first });
    const busy = await handlerWith(() => ({ directory: { get: () => Promise.resolve(waiting) } }));
    await busy(rowOf(id));
    expect(await read(id)).toMatchObject({ fired: 1, skipped: 2, buffered: true });
    await becomes(first, 'cancelled');
    await (
      await handlerWith()
    )(rowOf(id));
    expect(await read(id)).toMatchObject({ fired: 2, skipped: 2, buffered: false, last_tick: iso(endsAt) });
  });

  /** As if its last ticks had not been dealt with; but for those that have a run. */
  async function behind(id: string, reached: number): Promise<void> {
    const { transactions } = server.api.ports;
    await transactions.run({ tenant }, async ({ schedules }) => {
      const now = await schedules.lock({ tenant }, id);
      if (now === null) throw new Error('it is gone');
      await schedules.save({ tenant }, { ...now, reached, step: now.step + 1 });
    });
  }

  test('a run that cannot be started is told of, and after ten in a row it pauses itself', async () => {
    await server.ask(key, 'PUT', '/v1/agents/sayer/aliases/gone', { version: 1 });
    const { id, spec } = await idle({ agent: 'sayer', alias: 'gone', overlap: 'allow', endsAt: ago(0) }, 9);
    await server.ask(key, 'DELETE', '/v1/agents/sayer/aliases/gone');
    const handler = await handlerWith();
    await handler(rowOf(id));
    const failing = await read(id);
    expect(failing).toMatchObject({ fired: 0, failed: 9, paused: null, last_error: { code: 'alias_not_found' } });
    await behind(id, ago(15));
    expect(await handler(rowOf(id))).toBe('done');
    const paused = await read(id);
    expect(paused).toMatchObject({ failed: 10, next_at: null, paused: { by: { type: 'system', id: 'schedule' } } });
    expect(paused.paused?.reason).toContain('alias_not_found');
    expect(await handler(rowOf(id))).toBe('done');
    expect((await read(id)).failed).toBe(10);
    // Put right and resumed, it goes on.
    await server.ask(key, 'PUT', '/v1/agents/sayer/aliases/gone', { version: 1 });
    expect((await post(`/v1/schedules/${spec.name}/resume`)).json).toMatchObject({ paused: null });
  });

  test('what fails for no reason of its own is tried again, then the tick is passed', async () => {
    const { id } = await idle({ agent: 'sayer' }, 3);
    let error: Error = new Error('boom (test)');
    const handler = await handlerWith(({ agents }) => ({
      agents: { ...agents, get: () => Promise.reject(error), version: () => Promise.reject(error) },
    }));
    for (const attempt of [1, 2]) await expect(handler(rowOf(id, attempt))).rejects.toThrow('boom');
    expect(await read(id)).toMatchObject({ failed: 0, last_tick: null });
    error = new DatabaseUnavailable('away (test)');
    await expect(handler(rowOf(id, 9))).rejects.toThrow('away');
    error = new Error('boom (test)');
    // The next tick has its own tries.
    await expect(handler(rowOf(id, 3))).rejects.toThrow('boom');
    expect(await read(id)).toMatchObject({ fired: 0, failed: 1, last_error: { code: 'internal' } });
  });

  test('what is paused while a tick is prepared starts nothing', async () => {
    const { id } = await idle({ agent: 'sayer' }, 1);
    let met = 0;
    const handler = await handlerWith(({ transactions }) => ({
      transactions: {
        run: async (scope, work) => {
          met += 1;
          if (met === 1) await post(`/v1/schedules/${id}/pause`);
          return transactions.run(scope, work);
        },
      },
    }));
    expect(await handler(rowOf(id))).toBe('done');
    expect([met, await runsOf(id)]).toEqual([1, []]);
    expect(await read(id)).toMatchObject({ fired: 0, paused: { reason: null } });
  });

  test('after its end there is nothing more to do', async () => {
    const { id } = await idle({ agent: 'sayer', overlap: 'allow', endsAt: ago(2) }, 4);
    const handler = await handlerWith();
    expect(await handler(rowOf(id))).toBe('done');
    expect(await read(id)).toMatchObject({ fired: 2, next_at: null });
    expect(await handler(rowOf(randomUUID()))).toBe('done');
  });
});
