import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ran, ranCli } from './support/run-cli.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  // Nothing ends here, so that a run that was started is under way.
  server = await startServer('pglite://memory', { worker: false });
  ({ key } = await server.tenant('cli'));
  await server.ask(key, 'POST', '/v1/agents', scribe('writer', 1));
  await server.ask(key, 'POST', '/v1/agents', scribe('reader', 1));
  await server.ask(key, 'PUT', '/v1/agents/reader/aliases/prod', { version: 1 });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const schedules = (...args: string[]): Promise<Ran> =>
  ranCli(['schedules', ...args], { env: { HOLDFAST_URL: server.url, HOLDFAST_API_KEY: key }, folder });

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await schedules(...args, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Record<string, unknown>;
}

test('a schedule is made, looked at, changed, steered, fired by hand and deleted', async () => {
  const made = await schedules(
    'create',
    'daily',
    '0 9 * * 1-5',
    'writer',
    '--time-zone',
    'Europe/Berlin',
    '--input',
    'Go.',
  );
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^daily: 20\d\d-/) });
  const first = await json('show', 'daily');
  expect(first).toMatchObject({
    name: 'daily',
    agent: 'writer',
    input: 'Go.',
    time_zone: 'Europe/Berlin',
    overlap: 'skip',
  });
  expect((await schedules('show', String(first['id']))).out).toMatch(/^cron\t0 9 \* \* 1-5 \(Europe\/Berlin\)$/m);
  expect((await schedules('list')).out).toMatch(/^daily\twriter\t0 9 \* \* 1-5\tEurope\/Berlin\t20\d\d-.*\t0\t0\n$/);
  expect((await json('next', 'daily', '--count', '2'))['items']).toHaveLength(2);

  expect((await schedules('pause', 'daily', '--reason', 'a break')).out).toBe('daily is paused\n');
  expect((await schedules('show', 'daily')).out).toMatch(/^paused\t.*: a break$/m);
  expect((await schedules('list')).out).toContain('\tpaused\t');
  expect((await schedules('resume', 'daily')).out).toMatch(/^daily: 20\d\d-/);

  const run = (await schedules('trigger', 'daily')).out.trim();
  expect((await json('show', 'daily'))['last_run']).toBe(run);
  expect(await schedules('trigger', 'daily')).toMatchObject({
    code: 1,
    err: expect.stringContaining('With --force one starts all the same. (schedule_busy)'),
  });
  expect(await json('trigger', 'daily', '--force')).toMatchObject({ outcome: 'started' });
  await schedules('update', 'daily', '--overlap', 'buffer-one');
  expect((await schedules('trigger', 'daily')).out).toBe('It starts when the last run has ended.\n');
  expect((await schedules('show', 'daily')).out).toMatch(/^next\twhen the last run has ended$/m);

  expect(await schedules('delete', 'daily')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
  expect((await schedules('delete', 'daily', '--yes')).out).toBe('daily is deleted\n');
  expect(await schedules('show', 'daily')).toMatchObject({
    code: 1,
    err: expect.stringContaining('schedule_not_found'),
  });
});

test('a change names what is another; the rest stays, and what can be taken away is', async () => {
  await schedules('create', 'hourly', '0 * * * *', 'reader', '--alias', 'prod', '--ends-at', '2999-01-01T00:00:00Z');
  await schedules('update', 'hourly', '--jitter', '30', '--catch-up', '600', '--tag', 'a', '--metadata', 'team=b');
  const rest = { name: 'hourly', agent: 'reader', cron: '0 * * * *', priority: 0 };
  const now = {
    ...rest,
    alias: 'prod',
    jitter_seconds: 30,
    catch_up_seconds: 600,
    tags: ['a'],
    metadata: { team: 'b' },
  };
  expect(await json('show', 'hourly')).toMatchObject({ ...now, ends_at: '2999-01-01T00:00:00.000Z', revision: 2 });
  expect(await json('update', 'hourly', '--version', '1', '--ends-at', 'none')).toMatchObject({
    ...now,
    alias: null,
    version: 1,
    ends_at: null,
  });
  expect(await json('update', 'hourly', '--latest', '--name', 'often')).toMatchObject({
    ...now,
    name: 'often',
    alias: null,
    version: null,
  });
  expect(await json('update', 'often', '--input-json', '--input', '{"a":1}')).toMatchObject({ input: { a: 1 } });
  expect(await json('update', 'often', '--agent', 'writer')).toMatchObject({ agent: 'writer', input: { a: 1 } });
});

test.each([
  ['a pattern that is none', ['create', 'x', '61 * * * *', 'writer'], 1, 'validation_failed'],
  ['a zone that is none', ['create', 'x', '0 * * * *', 'writer', '--time-zone', 'Mars'], 1, 'Mars'],
  ['a policy that is none', ['create', 'x', '0 * * * *', 'writer', '--overlap', 'never'], 2, 'buffer-one'],
  ['a time that is none', ['create', 'x', '0 * * * *', 'writer', '--ends-at', 'soon'], 2, 'must be a time'],
  ['a schedule and a pattern', ['next', 'x', '--cron', '0 * * * *'], 2, 'Give a schedule, or --cron'],
  ['neither', ['next'], 2, 'Give a schedule, or --cron'],
])('is refused: %s', async (_what, args, code, says) => {
  const ran = await schedules(...args);
  expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(says)]);
});

test('the ticks of a pattern are shown before there is a schedule', async () => {
  const { out } = await schedules('next', '--cron', '0 9 * * *', '--time-zone', 'Asia/Kolkata', '--count', '2');
  expect(out).toMatch(/^(20\d\d-\d\d-\d\dT03:30:00.000Z\t20\d\d-\d\d-\d\dT03:30:00.000Z\n){2}$/);
});
