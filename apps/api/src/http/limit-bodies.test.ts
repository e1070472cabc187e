import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { limitBodies } from './limit-bodies.ts';

let app: FastifyInstance;
let port: number;
beforeEach(async () => {
  // The watch's clock: with a real one a pause of this process, which holds both sides, makes a body late.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  app = fastify({ requestTimeout: 0 });
  limitBodies(app, { wholeMs: 300, pieceMs: 300 });
  app.addContentTypeParser('application/octet-stream', (_request, bytes, done) => done(null, bytes));
  app.post('/whole', ({ body }) => Promise.resolve({ body }));
  app.post('/any', { config: { bytes: true } }, async ({ body }) => {
    let size = 0;
    for await (const piece of body as Readable) size += (piece as Buffer).length;
    return { size };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const [address] = app.addresses();
  port = typeof address === 'object' ? address.port : 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await app.close();
});

/** A request whose body is watched. `send` returns when the server has read the piece; `answer` is all that came back. */
async function begin(path: string, type: string, size: number) {
  const accepted = once(app.server, 'connection');
  const socket = connect(port, '127.0.0.1');
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (data) => (text += data.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
  const [theirs] = (await accepted) as [Socket];
  // Each look of a poll moves the fake clock on by the interval.
  const send = async (piece: string): Promise<void> => {
    socket.write(piece);
    await expect.poll(() => theirs.bytesRead, { interval: 0 }).toBe(socket.bytesWritten);
  };
  await send(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: ${type}\r\ncontent-length: ${size}\r\n\r\n`,
  );
  await expect.poll(() => vi.getTimerCount(), { interval: 0 }).toBe(1);
  return { send, answer };
}

it('ends a request whose body is late', async () => {
  const { send, answer } = await begin('/whole', 'application/json', 10);
  for (const piece of ['{"a"', ':']) {
    vi.advanceTimersByTime(120);
    await send(piece);
  }
  vi.advanceTimersByTime(60);
  expect(await answer).toContain('400');
  expect(await answer).toContain('The request did not arrive in time.');
});

it('waits for a body of any size as long as something comes of it, and no longer', async () => {
  const whole = await begin('/any', 'application/octet-stream', 12);
  for (let pieces = 0; pieces < 6; pieces += 1) {
    vi.advanceTimersByTime(120);
    await whole.send('xx');
  }
  expect(await whole.answer).toContain('{"size":12}');
  const part = await begin('/any', 'application/octet-stream', 12);
  vi.advanceTimersByTime(120);
  await part.send('xx');
  vi.advanceTimersByTime(480);
  expect(await part.answer).toContain('did not arrive in time');
});

it('leaves alone what was injected, and what is there in time', async () => {
  const injected = await app.inject({ method: 'POST', url: '/whole', payload: { a: 1 } });
  expect(injected.json()).toEqual({ body: { a: 1 } });
  const { send, answer } = await begin('/whole', 'application/json', 7);
  vi.advanceTimersByTime(299);
  await send('{"a":1}');
  expect(await answer).toContain('{"body":{"a":1}}');
});
