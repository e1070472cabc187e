import type { Socket } from 'node:net';
import type { JsonObject, PublishedTool, ToolServerSpec } from '@holdfast/contracts';
import { Redaction, type RegisteredServer, toolHash, type ToolOutcome, type ToolRequest } from '@holdfast/core';
import { afterEach, describe, expect, it } from 'vitest';
import { OutboundClient } from '../outbound/outbound-client.ts';
import { rawServer, type RawServer, reply } from '../outbound/raw-server.suite.ts';
import { httpFetch } from './http-fetch.ts';
import { HttpTools } from './http-tools.ts';

const open: RawServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
async function serve(...args: Parameters<typeof rawServer>): Promise<RawServer> {
  const server = await rawServer(...args);
  open.push(server);
  return server;
}

const files = new Map<string, Uint8Array>();
const ports = {
  redaction: new Redaction(),
  outbound: new OutboundClient({ allow: ['127.0.0.1'] }),
  artifacts: {
    put: (_: unknown, digest: string, bytes: Uint8Array) => Promise.resolve(void files.set(digest, bytes)),
    get: () => Promise.resolve(null),
  },
  resolveSecrets: (_: unknown, text: string) =>
    text.includes('missing')
      ? Promise.reject(new Error('there is no secret missing'))
      : Promise.resolve(text.replace('secret://token', 'hunter2')),
};
const tools = new HttpTools(ports);
const scope = { tenant: 't' };

type RequestSpec = Extract<ToolServerSpec, { type: 'request' }>;
const registered = (url: string, more: Partial<RequestSpec> = {}): RegisteredServer<RequestSpec> => ({
  name: 'mail',
  version: 1,
  spec: {
    type: 'request',
    description: 'Sends a mail.',
    method: 'POST',
    url: `${url}/mails`,
    query: {},
    headers: { Authorization: 'Bearer secret://token' },
    input_schema: { type: 'object' },
    refused_on: [429],
    ...more,
  },
});

async function call(
  server: RegisteredServer<RequestSpec>,
  more: Partial<ToolRequest> = {},
  signal = AbortSignal.timeout(5_000),
): Promise<ToolOutcome> {
  const [listed] = await tools.list(scope, server);
  if (listed === undefined) throw new Error('no tool');
  return tools.call(
    { ...requestOf('mail', { type: 'http', server: 'mail', operation: 'mail' }, toolHash(listed)), ...more },
    server,
    signal,
  );
}

const requestOf = (
  name: string,
  source: PublishedTool['source'],
  hash: string,
  args: JsonObject = {},
): ToolRequest => ({
  ref: { tenant: 't', run: 'r' },
  tool: {
    name,
    source,
    hash,
    description: '',
    input_schema: {},
    effect: 'once',
    approval: null,
    retries: { attempts: 1, first: 1, factor: 1, max: 1, timeout: 1_000 },
  },
  arguments: args,
  key: 'key-1',
  attempt: 2,
  timeoutMs: 1_000,
  mayBegin: () => true,
  progressed: () => undefined,
});

describe('a described request', () => {
  it('carries the key, the attempt, its headers with their secrets, and the arguments', async () => {
    const server = await serve((socket) =>
      socket.end(reply(200, '{"ok":true}', { 'content-type': 'application/json' })),
    );
    const outcome = await call(registered(server.url), { arguments: { to: 'x@test' } });
    expect(outcome).toMatchObject({
      type: 'answered',
      isError: false,
      content: [{ type: 'text', text: '{"ok":true}' }],
    });
    const [heard = ''] = server.heard;
    expect(heard).toMatch(/^POST \/mails HTTP\/1.1\r\n/);
    expect(heard).toMatch(/^idempotency-key: key-1\r$/m);
    expect(heard).toMatch(/^holdfast-attempt: 2\r$/m);
    expect(heard).toMatch(/^authorization: Bearer hunter2\r$/m);
    expect(heard).toMatch(/\r\n\r\n\{"to":"x@test"\}$/);
  });

  it.each<[number, Partial<RequestSpec>, ToolOutcome['type'], boolean?]>([
    [200, {}, 'answered', false],
    [204, {}, 'answered', false],
    [303, {}, 'answered', false],
    [400, {}, 'answered', true],
    [404, {}, 'answered', true],
    [429, {}, 'not-sent'],
    [429, { refused_on: [] }, 'answered', true],
    [500, {}, 'answered', true],
    [502, {}, 'no-answer'],
    [503, {}, 'answered', true],
    [503, { refused_on: [503] }, 'not-sent'],
    [504, {}, 'no-answer'],
    [504, { refused_on: [504] }, 'not-sent'],
  ])('with status %i and %j ends as %s', async (status, more, type, isError) => {
    const server = await serve((socket) => socket.end(reply(status, status === 204 ? '' : 'words')));
    const outcome = await call(registered(server.url, more));
    expect(outcome).toMatchObject({ type, ...(isError === undefined ? {} : { isError }) });
    expect(server.heard).toHaveLength(1);
  });

  it.each<[string, (socket: Socket, giveUp: () => void) => void]>([
    ['hangs up', (socket) => socket.destroy()],
    ['stops within the body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc')],
    // Once the request was heard: a time that begins before may be over while nothing was sent.
    ['says nothing', (_, giveUp) => giveUp()],
  ])('is never sent twice to a server that %s', async (_, behave) => {
    const givenUp = new AbortController();
    const server = await serve((socket) => behave(socket, () => givenUp.abort()));
    expect(await call(registered(server.url), {}, givenUp.signal)).toMatchObject({ type: 'no-answer' });
    expect(server.heard).toHaveLength(1);
  });

  it('is not sent to a private address', async () => {
    const server = await serve((socket) => socket.end(reply(200, '')));
    const guarded = new HttpTools({ ...ports, outbound: new OutboundClient({ allow: [] }) });
    const spec = registered(server.url);
    const [listed] = await guarded.list(scope, spec);
    if (listed === undefined) throw new Error('no tool');
    const request = requestOf('mail', { type: 'http', server: 'mail', operation: 'mail' }, toolHash(listed));
    expect(await guarded.call(request, spec, AbortSignal.timeout(1_000))).toMatchObject({ type: 'not-sent' });
    expect(server.heard).toEqual([]);
  });

  it('is not sent without its secret, nor when it may not begin', async () => {
    const server = await serve((socket) => socket.end(reply(200, '')));
    const secret = registered(server.url, { headers: { 'x-key': 'secret://missing' } });
    expect(await call(secret)).toMatchObject({ type: 'not-sent', message: 'there is no secret missing' });
    expect(await call(registered(server.url), { mayBegin: () => false })).toMatchObject({ type: 'not-sent' });
    expect(server.heard).toEqual([]);
  });

  it('is refused when it was published as another one', async () => {
    const changed = { url: 'http://127.0.0.1:1/other' };
    const [before] = await tools.list(scope, registered('http://127.0.0.1:1'));
    if (before === undefined) throw new Error('no tool');
    const request = requestOf('mail', { type: 'http', server: 'mail', operation: 'mail' }, toolHash(before));
    const signal = AbortSignal.timeout(1_000);
    expect(await tools.call(request, registered('', changed), signal)).toMatchObject({ type: 'changed' });
    // Headers are renewed without a new version.
    const renewed = registered('http://127.0.0.1:1', { headers: { 'x-other': 'y' } });
    expect(await tools.call(request, renewed, signal)).toMatchObject({ type: 'not-sent' });
  });

  it('answers with files for what is no text', async () => {
    const server = await serve((socket) => socket.end(reply(200, 'PNG…', { 'content-type': 'image/png' })));
    const outcome = await call(registered(server.url));
    if (outcome.type !== 'answered') throw new Error(outcome.type);
    expect(outcome.content).toEqual(outcome.artifacts);
    expect(outcome.content).toMatchObject([{ type: 'artifact', media_type: 'image/png', name: 'mail', size: 6 }]);
    const [file] = outcome.artifacts ?? [];
    expect(Buffer.from(files.get(file?.digest ?? '') ?? []).toString()).toBe('PNG…');
  });

  it('tells the model why its arguments cannot be sent', async () => {
    const outcome = await call(registered('http://127.0.0.1:1', { url: 'http://127.0.0.1:1/u/{user}' }), {
      arguments: { user: '..' },
    });
    expect(outcome).toMatchObject({ type: 'answered', isError: true });
  });
});

describe('http.fetch', () => {
  const fetchUrl = (url: string, more: JsonObject = {}, outbound = ports.outbound): Promise<ToolOutcome> =>
    httpFetch({ ...ports, outbound }).call(
      requestOf('http_fetch', { type: 'builtin', name: 'http.fetch' }, '', { url, ...more }),
      AbortSignal.timeout(5_000),
    );

  it('shows a page as its words, or raw', async () => {
    const html = '<html><body><p>Tea</p><script>x()</script></body></html>';
    const server = await serve((socket) =>
      socket.end(reply(200, html, { 'content-type': 'text/html; charset=utf-8' })),
    );
    expect(await fetchUrl(server.url)).toMatchObject({ content: [{ text: 'Tea' }], isError: false });
    expect(await fetchUrl(server.url, { raw: true })).toMatchObject({ content: [{ text: html }] });
  });

  it('tells the model of addresses that cannot be called', async () => {
    const guarded = new OutboundClient({ allow: [] });
    for (const url of ['http://169.254.169.254/latest/meta-data', 'file:///etc/passwd', 'nonsense'])
      expect(await fetchUrl(url, {}, guarded)).toMatchObject({ type: 'answered', isError: true });
  });

  it('follows a redirect, and stops at a private one', async () => {
    const server = await serve((socket, request) =>
      socket.end(
        request.startsWith('GET /page ')
          ? reply(200, 'there', { 'content-type': 'text/plain' })
          : reply(302, '', { location: request.startsWith('GET /in ') ? '/page' : 'http://10.0.0.1/' }),
      ),
    );
    expect(await fetchUrl(`${server.url}/in`)).toMatchObject({ content: [{ text: 'there' }] });
    expect(await fetchUrl(`${server.url}/out`)).toMatchObject({ type: 'answered', isError: true });
  });

  it.each<[number, ToolOutcome['type']]>([
    [404, 'answered'],
    [502, 'no-answer'],
  ])('of status %i is %s', async (status, type) => {
    const server = await serve((socket) => socket.end(reply(status, 'x')));
    expect(await fetchUrl(server.url)).toMatchObject({ type });
  });
});
