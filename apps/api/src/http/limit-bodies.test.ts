import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { limitBodies } from './limit-bodies.ts';

let app: FastifyInstance;
let port: number;
beforeEach(async () => {
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
afterEach(() => app.close());

/** Sends a piece each `everyMs`; the answer's first line and body. */
function slowly(path: string, type: string, pieces: readonly string[], everyMs: number, size: number) {
  return new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => (text += data.toString()));
    socket.on('error', () => undefined);
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: ${type}\r\n`);
    socket.write(`content-length: ${size}\r\n\r\n`);
    const left = [...pieces];
    const sending = setInterval(() => {
      const piece = left.shift();
      if (piece !== undefined && socket.writable) socket.write(piece);
    }, everyMs);
    socket.on('close', () => {
      clearInterval(sending);
      resolve(text);
    });
  });
}

it('ends a request whose body is late', async () => {
  const answer = await slowly('/whole', 'application/json', ['{"a"', ':', '1'], 120, 10);
  expect(answer).toContain('400');
  expect(answer).toContain('The request did not arrive in time.');
});

it('waits for a body of any size as long as something comes of it, and no longer', async () => {
  const six = Array.from({ length: 6 }, () => 'xx');
  expect(await slowly('/any', 'application/octet-stream', six, 120, 12)).toContain('{"size":12}');
  expect(await slowly('/any', 'application/octet-stream', ['xx'], 120, 12)).toContain('did not arrive in time');
});

it('leaves alone what was injected, and what is there in time', async () => {
  const injected = await app.inject({ method: 'POST', url: '/whole', payload: { a: 1 } });
  expect(injected.json()).toEqual({ body: { a: 1 } });
  expect(await slowly('/whole', 'application/json', ['{"a":1}'], 1, 7)).toContain('{"body":{"a":1}}');
});
