import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { follow, cutAndResume } from './support/sse-cuts.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

const cuts = process.env['HOLDFAST_LONG'] === '1' ? 1_000 : 100;

describe.each([
  ['with hints', true],
  ['without hints', false],
])('the event stream %s', (_name, hints) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer('pglite://memory', { hints });
    // What the API does every 15 s, more often, so that the test without hints is quick.
    if (!hints) sweeps = setInterval(() => void server.api.ports.streams.sweep(), 100);
  });
  let sweeps: NodeJS.Timeout | undefined;
  afterAll(async () => {
    clearInterval(sweeps);
    await server.close();
  });

  test(`gives every event once over ${cuts} cuts`, () => cutAndResume(server, hints ? cuts : 100, 30), 300_000);

  test('shared by many subscribers from many places, gives each what it lacks', async () => {
    const { key } = await server.tenant('many');
    await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 30));
    const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
    // A cursor beyond the head would be another matter: it is reset.
    while (Number((await server.ask(key, 'GET', `/v1/runs/${run}`)).json['head']) < 7) await sleep(10);
    const afters = Array.from({ length: 20 }, (_, index) => index % 7);
    const pieces = await Promise.all(afters.map((after) => follow(server, key, run, after, null)));
    const head = Number((await server.ask(key, 'GET', `/v1/runs/${run}`)).json['head']);
    for (const [index, { ids, ended }] of pieces.entries()) {
      const after = afters[index] ?? 0;
      expect(ended).toBe(true);
      expect(ids).toEqual(Array.from({ length: head - after }, (_, at) => after + at + 1));
    }
  });

  test('ends at once, by 204, when the cursor is at the end', async () => {
    const { key } = await server.tenant('ended');
    await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1));
    const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
    const { ids } = await follow(server, key, run, 0, null);
    const answer = await server.ask(key, 'GET', `/v1/runs/${run}/events`, undefined, {
      accept: 'text/event-stream',
      'last-event-id': String(ids.at(-1)),
    });
    expect(answer.status).toBe(204);
  });

  test('pages and stream tell the same', async () => {
    const { key } = await server.tenant('pages');
    await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 5));
    const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
    const { ids } = await follow(server, key, run, 0, null);
    const paged: number[] = [];
    for (let after = 0, ended = false; !ended;) {
      const { json } = await server.ask(key, 'GET', `/v1/runs/${run}/events?after=${after}&limit=3`);
      paged.push(...(json['items'] as { seq: number }[]).map(({ seq }) => seq));
      after = Number(json['next_after']);
      ended = json['ended'] === true;
    }
    expect(paged).toEqual(ids);
  });
});

test('closing the server ends open streams, and says why', async () => {
  const server = await startServer('pglite://memory');
  const { key } = await server.tenant('closing');
  const asker = scribe('asker', 1, { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }] });
  await server.ask(key, 'POST', '/v1/agents', asker);
  const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'asker' })).json['id']);
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
  // Open as soon as its headers have come.
  const open = await fetch(`${server.url}/v1/runs/${run}/events`, { headers });
  const began = performance.now();
  await server.close();
  expect(await open.text()).toContain('"reason":"closing"');
  expect(performance.now() - began).toBeLessThan(5_000);
});
