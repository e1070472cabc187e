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

const frame = { seq: 1, type: 'run.created', bytes: new Uint8Array(100_000), terminal: false };

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

test('words of a call that has ended are left out', () => {
  const { stream, raw } = response();
  const listener = new SseListener(raw, {});
  const written: string[] = [];
  stream.on('data', (chunk: Buffer) => void written.push(chunk.toString()));
  const tell = (seq: number, type: string): void =>
    listener.send({ seq, type, bytes: new TextEncoder().encode(`${type} `), terminal: false });
  const say = (seq: number, text: string): void =>
    listener.sendDelta({ run_id: 'r', call: 'm1', attempt: 1, seq, position: 0, text });
  tell(3, 'model.called');
  tell(4, 'message.received');
  say(3, 'in time');
  tell(5, 'model.answered');
  say(3, 'late');
  say(9, 'of a call that is not told yet');
  stream.read();
  const all = written.join('');
  expect(all).toContain('in time');
  expect(all).not.toContain('late');
  expect(all).toContain('of a call that is not told yet');
  stream.destroy();
});
