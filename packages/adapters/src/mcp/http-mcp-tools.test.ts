import type { JsonObject } from '@holdfast/contracts';
import {
  type RegisteredServer,
  toolHash,
  type ToolOutcome,
  type ToolRequest,
  ToolServerUnavailable,
} from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OutboundClient } from '../outbound/outbound-client.ts';
import { HttpMcpTools } from './http-mcp-tools.ts';
import { eventStream, httpServer, type HttpServer, json, sse, textResult } from './http-server.suite.ts';

let server: HttpServer;
let tools: HttpMcpTools;
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const scope = { tenant: 't' };

const open = (allow: string[]): HttpMcpTools =>
  new HttpMcpTools({
    fetch: new OutboundClient({ allow }).fetch,
    resolveSecrets: (_, text) =>
      text.includes('missing')
        ? Promise.reject(new Error('there is no secret missing'))
        : Promise.resolve(text.replace('secret://token', 'hunter2')),
    log,
  });

beforeEach(async () => {
  server = await httpServer();
  server.tools.set('echo', 'Says it again.');
  tools = open(['127.0.0.1']);
});
afterEach(async () => {
  await tools.close();
  await server.close();
});

const registered = (headers: Record<string, string> = { Authorization: 'Bearer secret://token' }) =>
  ({ name: 'crm', version: 1, spec: { type: 'mcp', url: server.url, headers } }) satisfies RegisteredServer;

async function call(
  tool = 'echo',
  {
    signal = AbortSignal.timeout(8_000),
    description = server.tools.get(tool) ?? '',
    by = tools,
    to = registered(),
    ...more
  }: Partial<ToolRequest> & {
    signal?: AbortSignal;
    description?: string;
    by?: HttpMcpTools;
    to?: ReturnType<typeof registered>;
  } = {},
): Promise<ToolOutcome> {
  const input_schema: JsonObject = { type: 'object' };
  return by.call(
    {
      ref: { tenant: 't', run: 'r' },
      tool: {
        name: tool,
        source: { type: 'mcp', server: 'crm', tool },
        description,
        input_schema,
        hash: toolHash({ name: tool, description, input_schema }),
        effect: 'once',
        approval: null,
        retries: { attempts: 1, first: 1, factor: 1, max: 1, timeout: 5_000 },
      },
      arguments: { text: 'hello' },
      key: 'r:4.0',
      attempt: 3,
      timeoutMs: 5_000,
      mayBegin: () => true,
      progressed: () => undefined,
      ...more,
    },
    to,
    signal,
  );
}

const asked = (method: string) => server.heard.filter(({ rpc }) => rpc?.method === method);

describe('a server over HTTP', () => {
  it('is listed in a session of its own, which is ended', async () => {
    expect(await tools.list(scope, registered())).toEqual([
      { name: 'echo', description: 'Says it again.', input_schema: { type: 'object' } },
    ]);
    expect(server.heard.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 's1' } });
  });

  it('that does not answer is unavailable', async () => {
    await server.close();
    await expect(tools.list(scope, registered())).rejects.toBeInstanceOf(ToolServerUnavailable);
    expect(await call()).toMatchObject({ type: 'not-sent' });
  });

  it('of a private address is not called', async () => {
    const guarded = open([]);
    await expect(guarded.list(scope, registered())).rejects.toThrow(/not on the public internet/);
    expect(await call('echo', { by: guarded })).toMatchObject({ type: 'not-sent' });
    expect(server.heard).toEqual([]);
  });

  it('is not called without its secret', async () => {
    const to = registered({ 'x-key': 'secret://missing' });
    expect(await call('echo', { to })).toMatchObject({ type: 'not-sent', message: expect.stringContaining('missing') });
    expect(server.heard).toEqual([]);
  });
});

describe('a call over HTTP', () => {
  it('carries key, attempt and headers, and shares a session', async () => {
    expect(await call()).toEqual({ type: 'answered', content: [{ type: 'text', text: 'hello' }], isError: false });
    expect(await call()).toMatchObject({ type: 'answered' });
    const [first] = asked('tools/call');
    expect(first?.rpc?.params).toMatchObject({
      name: 'echo',
      arguments: { text: 'hello' },
      _meta: { 'holdfast/idempotency-key': 'r:4.0', 'holdfast/attempt': 3 },
    });
    expect(first?.headers).toMatchObject({ authorization: 'Bearer hunter2', 'mcp-session-id': 's1' });
    expect(asked('initialize')).toHaveLength(1);
    expect(asked('tools/list')).toHaveLength(1);
  });

  it('is answered by a stream, too, and hears of progress', async () => {
    let progress = 0;
    server.calls.set('echo', (response, rpc) => {
      eventStream(response);
      const progressToken = rpc.params?._meta?.progressToken;
      response.write(sse({ method: 'notifications/progress', params: { progressToken, progress: 1 } }));
      response.end(sse({ id: rpc.id, result: textResult('streamed') }));
    });
    expect(await call('echo', { progressed: () => (progress += 1) })).toMatchObject({
      content: [{ text: 'streamed' }],
    });
    expect(progress).toBe(1);
  });

  it('of another tool than was published is not made', async () => {
    expect(await call('echo', { description: 'Something else.' })).toMatchObject({ type: 'changed' });
    expect(await call('gone')).toEqual({ type: 'changed', found: null });
    expect(asked('tools/call')).toEqual([]);
  });

  it('that may not begin is not made', async () => {
    expect(await call('echo', { mayBegin: () => false })).toMatchObject({ type: 'not-sent' });
    expect(asked('tools/call')).toEqual([]);
  });

  it.each<[string, number, object]>([
    ['says that it is asked too often', 429, { type: 'not-sent' }],
    ['has lost the session', 404, { type: 'no-answer' }],
    ['is a gateway without a server', 502, { type: 'no-answer' }],
    ['is a gateway whose server is slow', 504, { type: 'no-answer' }],
    ['refuses', 403, { type: 'answered', isError: true }],
    ['fails', 500, { type: 'answered', isError: true }],
    ['points elsewhere', 307, { type: 'answered', isError: true }],
  ])('to a server that %s is sent once', async (_, status, outcome) => {
    server.calls.set('echo', (response) => response.writeHead(status, { location: '/mcp' }).end('words'));
    expect(await call()).toMatchObject(outcome);
    expect(asked('tools/call')).toHaveLength(1);
  });

  it.each<[string, Parameters<HttpServer['calls']['set']>[1]]>([
    ['hangs up', (response) => response.destroy()],
    ['sends no JSON', (response) => response.setHeader('content-type', 'application/json').end('oops')],
    ['sends another type', (response) => response.setHeader('content-type', 'text/plain').end('oops')],
    [
      'ends its stream without an answer',
      (response) => {
        eventStream(response);
        response.end(': nothing\n\n');
      },
    ],
    [
      'breaks its stream off',
      (response) => {
        eventStream(response);
        response.write('data: {"jsonrpc"');
        setTimeout(() => response.destroy(), 20);
      },
    ],
  ])('to a server that %s is no answer at once', async (_, act) => {
    server.calls.set('echo', act);
    const began = performance.now();
    expect(await call()).toMatchObject({ type: 'no-answer' });
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(asked('tools/call')).toHaveLength(1);
  });

  it('that was lost with its session is followed by one in a new session', async () => {
    server.calls.set('echo', (response) => response.writeHead(404).end());
    await call();
    server.calls.delete('echo');
    expect(await call()).toMatchObject({ type: 'answered' });
    expect(asked('tools/call').map(({ headers }) => headers['mcp-session-id'])).toEqual(['s1', 's2']);
  });

  it('whose stream can be taken up again is answered after a break, and not sent again', async () => {
    server.calls.set('echo', (response, rpc) => {
      eventStream(response);
      response.end(`id: e1\nretry: 10\ndata: \n\n`);
      server.onResume = (resumed, lastEventId) => {
        eventStream(resumed);
        resumed.end(sse({ id: rpc.id, result: textResult(`after ${lastEventId}`) }, 'e2'));
      };
    });
    expect(await call()).toMatchObject({ type: 'answered', content: [{ text: 'after e1' }] });
    expect(asked('tools/call')).toHaveLength(1);
  });

  it('that is given up does not end another in the same session', async () => {
    const stop = new AbortController();
    let answerSlow = (): void => undefined;
    server.tools.set('slow', 'Slow.');
    server.calls.set('echo', () => stop.abort());
    server.calls.set('slow', (response, rpc) => {
      answerSlow = () => json(response, rpc, textResult('there'));
    });
    const slow = call('slow', { key: 'r:5.0' });
    await expect.poll(() => asked('tools/call')).toHaveLength(1);
    expect(await call('echo', { signal: stop.signal })).toMatchObject({ type: 'no-answer' });
    answerSlow();
    expect(await slow).toMatchObject({ type: 'answered', content: [{ text: 'there' }] });
  });

  it('that nobody answers ends with its signal, sent once', async () => {
    const patience = new AbortController();
    server.calls.set('echo', () => patience.abort());
    expect(await call('echo', { signal: patience.signal })).toMatchObject({ type: 'no-answer' });
    expect(asked('tools/call')).toHaveLength(1);
  });
});
