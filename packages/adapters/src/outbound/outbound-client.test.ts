import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { OutboundOutcome, OutboundRequest } from '@holdfast/core';
import { afterEach, describe, expect, it } from 'vitest';
import { OutboundClient } from './outbound-client.ts';
import { rawServer, type RawServer, reply } from './raw-server.suite.ts';

const open: RawServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
async function serve(...args: Parameters<typeof rawServer>): Promise<RawServer> {
  const server = await rawServer(...args);
  open.push(server);
  return server;
}

const client = new OutboundClient({ allow: ['127.0.0.0/8', 'localhost'] });
const post = (
  url: string,
  more: Partial<OutboundRequest> = {},
  signal = AbortSignal.timeout(5_000),
): Promise<OutboundOutcome> =>
  client.send(
    { method: 'POST', url, headers: {}, body: '{"a":1}', redirects: 'same-origin', maxBytes: 1_000, ...more },
    signal,
  );

describe('the three outcomes', () => {
  it('not sent: nobody listens', async () => {
    const server = await serve(() => undefined);
    await server.close();
    expect(await post(server.url)).toMatchObject({ type: 'not-sent', why: 'unreachable' });
  });

  it('not sent: the other side speaks no TLS', async () => {
    const server = await serve(
      () => undefined,
      (socket) => socket.end('no TLS here\r\n'),
    );
    expect(await post(server.url.replace('http:', 'https:'))).toMatchObject({ type: 'not-sent', why: 'unreachable' });
  });

  it('not sent: the last look before it forbids', async () => {
    const server = await serve((socket) => socket.end(reply(200, 'ok')));
    expect(await post(server.url, { mayBegin: () => false })).toMatchObject({ type: 'not-sent', why: 'not-begun' });
    expect(server.heard).toEqual([]);
  });

  it('not sent: given up before', async () => {
    const server = await serve((socket) => socket.end(reply(200, 'ok')));
    const request = { method: 'GET', url: server.url, headers: {}, redirects: 'never', maxBytes: 9 } as const;
    expect(await client.send(request, AbortSignal.abort())).toMatchObject({ type: 'not-sent' });
    expect(server.heard).toEqual([]);
  });

  // Given up once the request was heard: a time that begins before may be over while nothing was sent.
  it.each<[string, (socket: Socket, giveUp: () => void) => void]>([
    ['hangs up after the request', (socket) => socket.destroy()],
    ['resets after the request', (socket) => socket.resetAndDestroy()],
    ['hangs up within the head', (socket) => socket.end('HTTP/1.1 200 O')],
    ['hangs up after the head', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n')],
    ['hangs up within the body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nabc')],
    [
      'hangs up within a chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\nabc'),
    ],
    ['speaks no HTTP', (socket) => socket.end('220 smtp ready\r\n')],
    ['says nothing', (_, giveUp) => giveUp()],
    [
      'stops within the body',
      (socket, giveUp) => {
        // Once the client has read the head.
        const read = (): void => {
          unsubscribe('undici:request:headers', read);
          giveUp();
        };
        subscribe('undici:request:headers', read);
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nabc');
      },
    ],
  ])('no answer: the server %s', async (_, behave) => {
    const givenUp = new AbortController();
    const server = await serve((socket) => behave(socket, () => givenUp.abort()));
    expect(await post(server.url, {}, givenUp.signal)).toMatchObject({ type: 'no-answer' });
    expect(server.heard).toHaveLength(1);
  });

  it.each([200, 204, 301, 400, 404, 429, 500, 502, 503, 504])('answered with %i, and asked once', async (status) => {
    const server = await serve((socket) => socket.end(reply(status, '')));
    expect(await post(server.url)).toMatchObject({ type: 'answered', reply: { status } });
    expect(server.heard).toHaveLength(1);
  });

  it('is not answered by 100 Continue', async () => {
    const server = await serve((socket) => socket.end(`HTTP/1.1 103 Early Hints\r\n\r\n${reply(201, 'done')}`));
    const outcome = await post(server.url);
    expect(outcome).toMatchObject({ type: 'answered', reply: { status: 201 } });
  });
});

describe('what is kept of an answer', () => {
  it('is cut at the cap', async () => {
    const server = await serve((socket) => socket.end(reply(200, 'x'.repeat(5_000), { 'x-a': '1' })));
    const outcome = await post(server.url);
    if (outcome.type !== 'answered') throw new Error(outcome.message);
    expect(outcome.reply).toMatchObject({ truncated: true, headers: { 'x-a': '1' }, url: `${server.url}/` });
    expect(outcome.reply.body).toHaveLength(1_000);
  });

  it('is whole up to the cap', async () => {
    const server = await serve((socket) => socket.end(reply(200, 'x'.repeat(1_000))));
    expect(await post(server.url)).toMatchObject({ reply: { truncated: false } });
  });
});

describe('redirects', () => {
  const redirecting = (status: number, location: (number: number) => string) =>
    serve((socket, request, number) =>
      socket.end(request.includes(' /end ') ? reply(200, 'end') : reply(status, '', { location: location(number) })),
    );

  it.each([301, 302, 303, 307, 308])('of a POST are the answer: %i', async (status) => {
    const server = await redirecting(status, () => '/end');
    expect(await post(server.url, { redirects: 'any' })).toMatchObject({ reply: { status } });
    expect(server.heard).toHaveLength(1);
  });

  const get = { method: 'GET' } as const;
  const got = (url: string, more: Partial<OutboundRequest>) =>
    client.send(
      { ...get, url, headers: { Authorization: 'Bearer x' }, redirects: 'any', maxBytes: 9, ...more },
      AbortSignal.timeout(5_000),
    );

  it('of a GET are followed, at most five', async () => {
    const server = await redirecting(302, (number) => (number === 5 ? '/end' : '/again'));
    expect(await got(server.url, {})).toMatchObject({ reply: { status: 200, url: `${server.url}/end` } });
    const endless = await redirecting(302, () => '/again');
    expect(await got(endless.url, {})).toMatchObject({ reply: { status: 302 } });
    expect(endless.heard).toHaveLength(6);
  });

  it('of a GET within its origin stay there', async () => {
    const server = await redirecting(302, () => `http://localhost:${server.port}/end`);
    expect(await got(server.url, { redirects: 'same-origin' })).toMatchObject({ reply: { status: 302 } });
    expect(await got(server.url, { redirects: 'any' })).toMatchObject({ reply: { status: 200 } });
    expect(server.heard[0]).toMatch(/authorization/i);
    expect(server.heard.at(-1)).not.toMatch(/authorization/i);
  });
});

describe('fetch', () => {
  it('throws NotSent only when nothing was sent', async () => {
    const server = await serve((socket) => socket.destroy());
    await expect(client.fetch(server.url, { method: 'POST', body: 'x' })).rejects.toThrow(TypeError);
    expect(server.heard).toHaveLength(1);
    await server.close();
    await expect(client.fetch(server.url, { method: 'POST', body: 'x' })).rejects.toMatchObject({ name: 'NotSent' });
  });

  it('reads a body that comes in pieces', async () => {
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
      setTimeout(() => socket.end('3\r\ndef\r\n0\r\n\r\n'), 20);
    });
    expect(await (await client.fetch(server.url)).text()).toBe('abcdef');
  });
});
