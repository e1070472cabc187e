import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './support/server.ts';

interface Event {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key } = await server.tenant('mine'));
});
afterAll(() => server.close());

/** Publishes the agent, starts a run of it and returns the run's id. */
async function start(
  spec: { readonly name: string; readonly [key: string]: unknown },
  body: object = {},
): Promise<string> {
  const published = await server.ask(key, 'POST', '/v1/agents', spec);
  expect(published.status, published.text).toBe(201);
  const { status, json, text } = await server.ask(key, 'POST', '/v1/runs', { agent: spec.name, ...body });
  expect(status, text).toBe(201);
  return String(json['id']);
}

/** Follows the run to its end. */
async function ended(run: string): Promise<{ events: Event[]; run: Record<string, unknown> }> {
  await server.ask(key, 'GET', `/v1/runs/${run}/events`, undefined, { accept: 'text/event-stream' });
  const { json } = await server.ask(key, 'GET', `/v1/runs/${run}/events?limit=1000`);
  return { events: json['items'] as Event[], run: (await server.ask(key, 'GET', `/v1/runs/${run}`)).json };
}

/** The one thing that waits for a person. */
async function open(run: string): Promise<{ ref: string; detail: Record<string, unknown> }> {
  const items = async () =>
    (await server.ask(key, 'GET', `/v1/attention?run=${run}`)).json['items'] as Awaited<ReturnType<typeof open>>[];
  await expect.poll(items, { timeout: 10_000 }).toHaveLength(1);
  const [item] = await items();
  if (item === undefined) throw new Error('nothing waits any more');
  return item;
}

const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };

test('an answer that does not fit is told to the model once; the run has its value as JSON', async () => {
  const run = await start({
    name: 'counter',
    output: { schema },
    rehearsal: [{ say: 'It is one.' }, { say: '{"n": 1}' }],
  });
  const end = await ended(run);
  expect(end.events.filter(({ type }) => type === 'answer.rejected')).toHaveLength(1);
  expect(end.run).toMatchObject({
    status: 'succeeded',
    output: [{ type: 'text', text: '{"n": 1}' }],
    output_value: { n: 1 },
  });
});

test('a second misfit ends the run as failed', async () => {
  const run = await start({ name: 'poet', output: { schema }, rehearsal: [{ say: 'One' }, { say: '{"n": "one"}' }] });
  expect((await ended(run)).run).toMatchObject({
    status: 'failed',
    output_value: null,
    error: { code: 'output_invalid' },
  });
});

test('a person changes the arguments of a call; it is asked about again and runs with the new ones', async () => {
  const run = await start({
    name: 'writer',
    tools: [{ builtin: 'artifacts.write', approval: { when: 'args.content.size() > 3' } }],
    rehearsal: [
      { calls: [{ tool: 'artifacts_write', args: { name: 'a.txt', content: 'too long' } }] },
      { say: 'written' },
    ],
  });
  const first = await open(run);
  const decide = (body: object) => server.ask(key, 'POST', `/v1/runs/${run}/attention/${first.ref}`, body);
  expect((await decide({ decision: 'change', arguments: { name: 1, content: 'no' } })).json['code']).toBe(
    'arguments_invalid',
  );
  const changed = await decide({
    decision: 'change',
    hash: first.detail['hash'],
    arguments: { name: 'b.txt', content: 'ok' },
    reason: 'shorter',
  });
  expect(changed.status, changed.text).toBe(200);
  const second = await open(run);
  expect(second.detail).toMatchObject({ arguments: { name: 'b.txt', content: 'ok' } });
  expect(second.detail['hash']).not.toBe(first.detail['hash']);
  expect((await decide({ decision: 'approve', hash: first.detail['hash'] })).json['code']).toBe(
    'approval_hash_mismatch',
  );
  expect((await decide({ decision: 'approve', hash: second.detail['hash'] })).status).toBe(200);
  expect((await ended(run)).run).toMatchObject({ status: 'succeeded' });
  const files = await server.ask(key, 'GET', `/v1/runs/${run}/artifacts`);
  expect((files.json['items'] as { name: string }[]).map(({ name }) => name)).toEqual(['b.txt']);
});

test('a long conversation is summarised on its way, and takes no step of the plan', async () => {
  const run = await start({
    name: 'talker',
    context: { max_tokens: 2_000, then: 'summarise' },
    tools: [{ builtin: 'artifacts.write' }],
    rehearsal: [
      {
        say: 'word '.repeat(200),
        calls: [{ tool: 'artifacts_write', args: { name: 'n.txt', content: 'x' } }],
        repeat: 12,
      },
      { say: 'done' },
    ],
  });
  const { events, run: summary } = await ended(run);
  expect(summary).toMatchObject({ status: 'succeeded', output: [{ type: 'text', text: 'done' }] });
  const compacted = events.filter(({ type }) => type === 'context.compacted');
  expect(compacted.length).toBeGreaterThan(0);
  for (const { data } of compacted) expect(data).toMatchObject({ rule: 'summary' });
  const answers = events.filter(({ type, data }) => type === 'model.answered' && data['purpose'] === 'answer');
  expect(answers).toHaveLength(13);
});

test('a run for later waits for its time', async () => {
  const startAt = Date.now() + 1_500;
  const run = await start(
    { name: 'later', rehearsal: [{ say: 'now' }] },
    { start_at: new Date(startAt).toISOString(), expires_in: '1h' },
  );
  const { json } = await server.ask(key, 'GET', `/v1/runs/${run}`);
  expect(json).toMatchObject({
    status: 'queued',
    waiting_for: [{ reason: 'timer', until: new Date(startAt).toISOString() }],
    start_at: new Date(startAt).toISOString(),
    expires_at: new Date(startAt + 3_600_000).toISOString(),
  });
  const end = await ended(run);
  expect(end.run['status']).toBe('succeeded');
  const claimed = end.events.find(({ type }) => type === 'run.claimed');
  expect(Date.parse(claimed?.at ?? '')).toBeGreaterThanOrEqual(startAt);
});

test('a time that has long passed means at once', async () => {
  const run = await start({ name: 'past', rehearsal: [{ say: 'now' }] }, { start_at: '1901-01-01T00:00:00Z' });
  expect((await ended(run)).run['status']).toBe('succeeded');
});

test('a run that nobody begins in time fails as expired, though there is no room for it', async () => {
  const slow = { name: 'slow', concurrency: 1, rehearsal: [{ say: 'at last', delay: '3s' }] };
  const first = await start(slow);
  await expect.poll(async () => (await server.ask(key, 'GET', `/v1/runs/${first}`)).json['status']).toBe('running');
  const { json } = await server.ask(key, 'POST', '/v1/runs', { agent: 'slow', expires_in: '200ms' });
  const { run, events } = await ended(String(json['id']));
  expect(run).toMatchObject({ status: 'failed', error: { code: 'expired' } });
  expect(events.map(({ type }) => type)).toEqual(['run.created', 'run.failed']);
  expect((await ended(first)).run['status']).toBe('succeeded');
});
