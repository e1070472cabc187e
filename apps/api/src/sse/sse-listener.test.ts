import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { SseListener } from './sse-listener.ts';

function response() {
  const stream = Object.assign(new PassThrough({ highWaterMark: 1 }), {
    writeHead: () => undefined,
    flushHeaders: () => undefined,
  });
  return { stream, raw: stream as unknown as ServerResponse };
}

const frame = { seq: 1, bytes: new Uint8Array(100_000), terminal: false };

test('waiting for a slow client leaves no listener behind', async () => {
  const { stream, raw } = response();
  const listener = new SseListener(raw, {});
  const listening = () => ['drain', 'close', 'error'].map((event) => stream.listenerCount(event));
  const before = listening();
  for (let round = 0; round < 20; round += 1) {
    listener.send(frame);
    const drained = listener.drained();
    stream.read();
    await drained;
  }
  expect(listening()).toEqual(before);
  stream.destroy();
});

test('words of models are left out for a client that reads too slowly, and come again once it reads', () => {
  const { stream, raw } = response();
  // What an `ServerResponse` counts and this stream has in two places.
  Object.defineProperty(stream, 'writableLength', { get: () => waiting });
  let waiting = 0;
  const listener = new SseListener(raw, {});
  const written: string[] = [];
  stream.on('data', (chunk: Buffer) => void written.push(chunk.toString()));
  const delta = { run_id: 'r', call: 'm1', attempt: 1, seq: 3 };
  listener.sendDelta({ ...delta, position: 0, text: 'a\nb' });
  waiting = 256 * 1024 + 1;
  listener.sendDelta({ ...delta, position: 3, text: 'lost' });
  waiting = 0;
  listener.sendDelta({ ...delta, position: 7, text: 'c' });
  listener.end('ended');
  listener.sendDelta({ ...delta, position: 8, text: 'after the end' });
  stream.read();
  expect(written.join('')).toBe(
    'event: delta\ndata: {"run_id":"r","call":"m1","attempt":1,"seq":3,"position":0,"text":"a\\nb"}\n\n' +
      'event: delta\ndata: {"run_id":"r","call":"m1","attempt":1,"seq":3,"position":7,"text":"c"}\n\n',
  );
  stream.destroy();
});
