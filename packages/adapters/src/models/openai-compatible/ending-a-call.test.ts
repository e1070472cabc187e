import type { ServerResponse } from 'node:http';
import { text } from '@holdfast/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ModelClient, modelClient } from './client.ts';
import { modelAt, request, unaborted } from './testing/asking.ts';
import { type ModelServer, modelServer, says, word } from './testing/model-server.ts';

let server: ModelServer;
let client: ModelClient;
beforeAll(async () => {
  server = await modelServer();
  client = modelClient();
});
afterAll(async () => {
  await client.close();
  await server.close();
});
afterEach(() => void server.asked.splice(0));

describe('the signal', () => {
  it('keeps the text so far, and the server sees the client go', async () => {
    server.plays(says([word('One '), word('two')], 'hang'));
    const stop = new AbortController();
    const outcome = modelAt({ server, client }).call(request(), stop.signal, (piece) => {
      if (piece === 'two') stop.abort();
    });
    expect(await outcome).toEqual({ type: 'aborted', content: text('One two') });
    await server.asked[0]?.gone;
  });

  it('ends a call to a server that never answers, which was asked exactly once', async () => {
    server.plays(() => undefined);
    const stop = new AbortController();
    const outcome = modelAt({ server, client }).call(request(), stop.signal, () => undefined);
    await server.askedTimes(1);
    stop.abort();
    expect(await outcome).toEqual({ type: 'aborted', content: [] });
    await server.asked[0]?.gone;
    expect(server.asked).toHaveLength(1);
  });

  it('aborted before sends nothing', async () => {
    expect(await modelAt({ server, client }).call(request(), AbortSignal.abort(), () => undefined)).toEqual({
      type: 'aborted',
      content: [],
    });
    expect(server.asked).toEqual([]);
  });
});

it('no time-out of a library ends a call: a server may think for an hour before its first word and between words', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const opened: ServerResponse[] = [];
  server.plays((response) => void opened.push(response));
  const patient = modelClient();
  onTestFinished(() => patient.close());
  let heard = (): void => undefined;
  const first = new Promise<void>((resolve) => (heard = resolve));
  const outcome = modelAt({ server, client: patient }).call(request(), unaborted, () => heard());
  await server.askedTimes(1);
  await vi.advanceTimersByTimeAsync(3_600_000);
  opened[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: ${JSON.stringify(word('late'))}\n\n`);
  await first;
  await vi.advanceTimersByTimeAsync(3_600_000);
  opened[0]?.end(`data: ${JSON.stringify(word('r', 'stop'))}\n\n`);
  expect(await outcome).toMatchObject({ type: 'answered', content: text('later') });
});
