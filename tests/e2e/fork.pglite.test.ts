import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CountedTools, startCountedTools } from './support/counted-tools.ts';
import { startServer, type TestServer } from './support/server.ts';

interface Event {
  readonly seq: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

let tools: CountedTools;
let server: TestServer;
let key: string;

beforeAll(async () => {
  tools = await startCountedTools();
  server = await startServer('pglite://memory', { environment: { TOOL_SERVERS_FILE: tools.file } });
  ({ key } = await server.tenant('mine'));
});
afterAll(async () => {
  await server.close();
  await tools.stop();
});

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  server.ask(key, 'POST', path, body, headers);

async function events(run: string): Promise<Event[]> {
  const { json } = await server.ask(key, 'GET', `/v1/runs/${run}/events?limit=1000`);
  return json['items'] as Event[];
}

async function settled(run: string, ...wanted: string[]): Promise<Record<string, unknown>> {
  const status = async () => (await server.ask(key, 'GET', `/v1/runs/${run}`)).json;
  await expect
    .poll(async () => (await status())['status'], { timeout: 20_000 })
    .toSatisfy((one) => wanted.includes(String(one)));
  return status();
}

/** An agent that pays 10, then does what the steps say. */
async function publish(name: string, ...rehearsal: object[]): Promise<void> {
  const agent = {
    name,
    tools: [{ mcp: 'effects', allow: ['pay'] }, { builtin: 'ask' }, { builtin: 'artifacts.write' }],
    rehearsal,
  };
  expect((await post('/v1/agents', agent)).status).toBeLessThan(300);
}

const pay = { calls: [{ tool: 'pay', args: { note: 'ten' } }] };
const ask = { calls: [{ tool: 'ask', args: { question: 'well?' } }] };

async function start(agent: string, more: object = {}): Promise<string> {
  const started = await post('/v1/runs', { agent, input: 'go', ...more });
  expect(started.status).toBe(201);
  return String(started.json['id']);
}

const seqOf = (log: readonly Event[], type: string): number => log.find((event) => event.type === type)?.seq ?? 0;
const textOf = (content: unknown): string => (content as { text: string }[]).map(({ text }) => text).join();

describe('forking', () => {
  test('a failed run goes on with a changed version, from the good part of its log', async () => {
    const name = `a${randomUUID().slice(0, 8)}`;
    await publish(name, { calls: [{ tool: 'artifacts_write', args: { name: 'n.txt', content: 'kept' } }] }, ask);
    const source = await start(name, { limits: { deadline: '6s' }, metadata: { team: 'a' } });
    await settled(source, 'failed');
    await publish(name, { say: 'unused' }, { say: 'Now with {{results}} result: {{last}}' });
    const log = await events(source);
    const at = seqOf(log, 'tool.returned');
    const forked = await post(`/v1/runs/${source}/fork`, { at, version: 2, limits: { steps: 50 }, tags: ['x'] });
    expect(forked).toMatchObject({
      status: 201,
      json: {
        version: 2,
        status: 'queued',
        head: at + 1,
        forked_from: { run: source, seq: at },
        tags: ['x'],
        metadata: { team: 'a' },
        limits: { steps: 50 },
        usage: { tokens: 0, cost_usd_micros: 0 },
      },
    });
    const fork = String(forked.json['id']);
    const end = await settled(fork, 'succeeded', 'failed');
    expect(textOf(end['output'])).toMatch(/^Now with 1 result: Saved n\.txt/);
    const copy = await events(fork);
    expect(copy.slice(0, at).map(({ type, data }) => ({ type, data }))).toEqual(
      log.slice(0, at).map(({ type, data }) => ({ type, data })),
    );
    // Its files are its own.
    const files = (await server.ask(key, 'GET', `/v1/runs/${fork}/artifacts`)).json['items'] as { digest: string }[];
    expect(files).toMatchObject([{ name: 'n.txt' }]);
    const file = await server.ask(key, 'GET', `/v1/runs/${fork}/artifacts/${files[0]?.digest}`);
    expect(file).toMatchObject({ status: 200, text: 'kept' });
  });

  test('a rerun of a failed run goes on where it last stood well, and repeats nothing', async () => {
    const name = `a${randomUUID().slice(0, 8)}`;
    await publish(name, pay, ask, { say: 'Heard {{last}}' });
    const before = await tools.count('pay');
    const source = await start(name, { limits: { deadline: '6s' } });
    await settled(source, 'failed');
    const rerun = await post(`/v1/runs/${source}/rerun`, undefined);
    expect(rerun.status).toBe(201);
    const fork = String(rerun.json['id']);
    const question = await settled(fork, 'waiting');
    expect(question).toMatchObject({ waiting_for: [{ reason: 'input' }] });
    const [{ ref } = { ref: '' }] = (await server.ask(key, 'GET', `/v1/attention?run=${fork}`)).json['items'] as {
      ref: string;
    }[];
    // Its time counts from its own beginning, and the lowered limit holds.
    await post(`/v1/runs/${fork}/attention/${ref}`, { decision: 'answer', answer: 'yes' });
    expect(textOf((await settled(fork, 'succeeded', 'failed'))['output'])).toBe('Heard yes');
    expect(await tools.count('pay')).toBe(before + 1);
  });

  describe('before a call that the source has made', () => {
    async function duplicate(): Promise<{ fork: string; ref: string; detail: Record<string, unknown> }> {
      const name = `a${randomUUID().slice(0, 8)}`;
      await publish(name, pay, { say: 'It says {{last}}' });
      const source = await start(name);
      await settled(source, 'succeeded');
      const log = await events(source);
      const forked = await post(`/v1/runs/${source}/fork`, { at: seqOf(log, 'model.answered') });
      expect(forked.status).toBe(201);
      const fork = String(forked.json['id']);
      await settled(fork, 'waiting');
      const { json } = await server.ask(key, 'GET', `/v1/attention?run=${fork}`);
      const [item] = json['items'] as { kind: string; ref: string; detail: Record<string, unknown> }[];
      expect(item).toMatchObject({
        kind: 'duplicate-after-fork',
        detail: { tool: 'pay', arguments: { note: 'ten' }, result: { is_error: false } },
      });
      return { fork, ref: item?.ref ?? '', detail: item?.detail ?? {} };
    }

    test.each([
      ['reuse', 0, /^It says pay counted$/],
      ['call', 1, /^It says pay counted$/],
      ['skip', 0, /^It says Not run: not again$/],
    ] as const)('a person is asked: %s', async (decision, more, said) => {
      const { fork, ref } = await duplicate();
      const before = await tools.count('pay');
      const body = { decision, note: 'not again' };
      expect((await post(`/v1/runs/${fork}/attention/${ref}`, { decision: 'retry' })).status).toBe(422);
      expect((await post(`/v1/runs/${fork}/attention/${ref}`, body)).status).toBe(200);
      expect(textOf((await settled(fork, 'succeeded', 'failed'))['output'])).toMatch(said);
      expect(await tools.count('pay')).toBe(before + more);
    });
  });

  test('a payload that is stored as a file goes with the fork, and the input may be another', async () => {
    const name = `a${randomUUID().slice(0, 8)}`;
    await publish(name, { say: '{{input}}' });
    const source = await start(name, { input: 'x'.repeat(100_000) });
    await settled(source, 'succeeded');
    const same = await post(`/v1/runs/${source}/fork`, { at: 1 });
    expect(textOf(same.json['input'])).toHaveLength(100_000);
    const other = await post(`/v1/runs/${source}/fork`, { at: 1, input: 'other', message: 'more' });
    expect(other.json).toMatchObject({ input: [{ type: 'text', text: 'other' }] });
    expect(textOf((await settled(String(same.json['id']), 'succeeded'))['output'])).toHaveLength(100_000);
    const end = await settled(String(other.json['id']), 'succeeded');
    expect(textOf(end['output'])).toBe('other');
    const log = await events(String(other.json['id']));
    expect(log.map(({ type }) => type)).toContain('message.delivered');
    // A fork of the fork has its input.
    const again = await post(`/v1/runs/${String(other.json['id'])}/fork`, { at: 3 });
    expect(again.json).toMatchObject({ status: 'queued', input: [{ type: 'text', text: 'other' }] });
  });

  test('the same key gives the same fork', async () => {
    const name = `a${randomUUID().slice(0, 8)}`;
    await publish(name, { say: 'hello' });
    const source = await start(name);
    await settled(source, 'succeeded');
    const headers = { 'idempotency-key': randomUUID() };
    const [one, two] = [
      await post(`/v1/runs/${source}/rerun`, {}, headers),
      await post(`/v1/runs/${source}/rerun`, {}, headers),
    ];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(two.json).toEqual(one.json);
  });

  test('a live run is refused; a paused one is not, and stays as it is', async () => {
    const name = `a${randomUUID().slice(0, 8)}`;
    await publish(name, ask, { say: 'Heard {{last}}' });
    const source = await start(name);
    await settled(source, 'waiting');
    expect(await post(`/v1/runs/${source}/rerun`, {})).toMatchObject({ status: 409, json: { code: 'run_live' } });
    await post(`/v1/runs/${source}/pause`, {});
    const forked = await post(`/v1/runs/${source}/rerun`, {});
    expect(forked.status).toBe(201);
    const fork = String(forked.json['id']);
    await settled(fork, 'waiting');
    expect(await settled(source, 'paused')).toMatchObject({ status: 'paused' });
    const [question] = (await server.ask(key, 'GET', `/v1/attention?run=${fork}`)).json['items'] as { ref: string }[];
    await post(`/v1/runs/${fork}/attention/${question?.ref}`, { decision: 'answer', answer: 'me' });
    expect(textOf((await settled(fork, 'succeeded'))['output'])).toBe('Heard me');
  });

  test.each([
    ['0', 0, '/at'],
    ['beyond the head', 9_999, '/at'],
    ['at the end', -1, '/at'],
    ['no number', 'x', '/at'],
  ])('event %s is none to go on from', async (_what, at, place) => {
    const name = `a${randomUUID().slice(0, 8)}`;
    await publish(name, { say: 'hello' });
    const source = await start(name);
    const { head } = await settled(source, 'succeeded');
    const answer = await post(`/v1/runs/${source}/fork`, { at: at === -1 ? head : at });
    expect(answer).toMatchObject({ status: 422, json: { code: 'validation_failed', errors: [{ path: place }] } });
  });
});
