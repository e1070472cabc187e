import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelDelta } from '@holdfast/contracts';
import { startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key } = await server.tenant('deltas'));
  await server.ask(key, 'POST', '/v1/agents', {
    name: 'speaker',
    tools: [{ builtin: 'ask' }],
    rehearsal: [
      { calls: [{ tool: 'ask', args: { question: 'Is somebody listening?' } }] },
      { say: 'one two three four five six', delay: '600ms' },
    ],
  });
});
afterAll(() => server.close());

const start = async (): Promise<string> =>
  String((await server.ask(key, 'POST', '/v1/runs', { agent: 'speaker' })).json['id']);

/** The messages of the stream until its end. Words are not kept: they are said once the stream has brought the question. */
async function listen(run: string, query: string): Promise<{ event: string; id: string | undefined; data: string }[]> {
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
  const { body } = await fetch(`${server.url}/v1/runs/${run}/events${query}`, { headers });
  if (body === null) throw new Error('no stream');
  const messages: { event: string; id: string | undefined; data: string }[] = [];
  for await (const { event = '', id, data } of body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())) {
    messages.push({ event, id, data });
    if (event === 'question.asked') await answer(run);
  }
  return messages;
}

/** Nothing, where that is done. */
async function answer(run: string): Promise<void> {
  const { items } = (await server.ask(key, 'GET', `/v1/attention?run=${run}`)).json as { items: { ref: string }[] };
  for (const { ref } of items) {
    const body = { decision: 'answer', answer: 'yes' };
    expect((await server.ask(key, 'POST', `/v1/runs/${run}/attention/${ref}`, body)).status).toBe(200);
  }
}

test('come between the call and its answer, without ids, and together are the answer', async () => {
  const messages = await listen(await start(), '?deltas=true');
  const told = messages.filter(({ event }) => event === 'delta');
  const deltas = told.map(({ data }) => JSON.parse(data) as ModelDelta);
  expect(deltas.length).toBeGreaterThan(2);
  expect(told.every(({ id }) => id === undefined)).toBe(true);
  let said = '';
  for (const delta of deltas) {
    expect(delta.position).toBe(said.length);
    said += delta.text;
  }
  expect(said).toBe('one two three four five six');
  const events = messages.map(({ event }) => event);
  expect(events.lastIndexOf('delta')).toBeLessThan(events.lastIndexOf('model.answered'));
  const called = messages.findLast(({ event }) => event === 'model.called');
  expect(new Set(deltas.map(({ seq }) => String(seq)))).toEqual(new Set([called?.id]));
});

test('do not come unasked, nor for a call that has ended', async () => {
  const run = await start();
  expect((await listen(run, '')).map(({ event }) => event)).not.toContain('delta');
  expect((await listen(run, '?deltas=true')).map(({ event }) => event)).not.toContain('delta');
  const answer = await server.ask(key, 'GET', `/v1/runs/${run}/events?deltas=yes`);
  expect(answer.status).toBe(400);
});
