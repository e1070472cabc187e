import { speakToRun, sendMessage, newMessage } from '@holdfast/core';
import { text } from '@holdfast/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let tenant: string;

beforeAll(async () => {
  server = await startServer('pglite://memory');
  ({ key, id: tenant } = await server.tenant('mine'));
});
afterAll(() => server.close());

test('whoever loses the race three times takes the lock and is heard', async () => {
  const asker = scribe('asker', 1, { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }] });
  await server.ask(key, 'POST', '/v1/agents', asker);
  const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'asker' })).json['id']);
  const { ports } = server.api;
  let refusals = 0;
  const losing = {
    ...ports,
    runs: {
      load: ports.runs.load.bind(ports.runs),
      eventsAfter: ports.runs.eventsAfter.bind(ports.runs),
      saveSnapshot: ports.runs.saveSnapshot.bind(ports.runs),
      append: (append: { expected: number }) => {
        refusals += 1;
        return Promise.resolve({ type: 'refused', head: append.expected + 1 } as const);
      },
    },
  };
  const caller = { tenant, by: { type: 'api-key' as const, id: 'k', roles: ['admin' as const] } };
  const message = newMessage(text('heard?'), 'queue');
  const [event] = await speakToRun(losing, { tenant, run }, sendMessage(caller, message));
  expect(refusals).toBe(3);
  expect(event).toMatchObject({ type: 'message.received', data: { id: message.id } });
});

test('fifty people who speak to a busy run at once are all heard, and it ends', async () => {
  await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 60));
  const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
  const said = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      server.ask(key, 'POST', `/v1/runs/${run}/messages`, { content: `message ${index}`, mode: 'steer' }),
    ),
  );
  expect(new Set(said.map(({ status }) => status))).toEqual(new Set([202]));
  await server.ask(key, 'GET', `/v1/runs/${run}/events`, undefined, { accept: 'text/event-stream' });
  const { json } = await server.ask(key, 'GET', `/v1/runs/${run}/events?limit=1000`);
  const events = json['items'] as { type: string; data: { id?: string; ids?: string[] } }[];
  const received = events.filter(({ type }) => type === 'message.received').map(({ data }) => data.id);
  const delivered = events.filter(({ type }) => type === 'message.delivered').flatMap(({ data }) => data.ids ?? []);
  expect(received).toHaveLength(50);
  expect(delivered).toHaveLength(50);
  expect(new Set(delivered)).toEqual(new Set(received));
  expect(events.at(-1)?.type).toBe('run.succeeded');
});
