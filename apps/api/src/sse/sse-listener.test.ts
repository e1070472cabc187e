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
