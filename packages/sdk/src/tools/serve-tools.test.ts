import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from './define-tool.ts';
import { type ServedTools, serveTools, type ServeToolsOptions } from './serve-tools.ts';

const paid: { amount: number; key: string; attempt: number }[] = [];
let aborted: Promise<void> = Promise.resolve();
let begun: () => void = () => undefined;

const tools = [
  defineTool({
    name: 'pay',
    description: 'Pays an amount.',
    input: z.object({ amount: z.int().positive(), currency: z.string().default('EUR') }),
    handler: ({ amount, currency }, { idempotencyKey: key, attempt }) => {
      paid.push({ amount, key, attempt });
      return { paid: amount, currency };
    },
  }),
  defineTool({
    name: 'fail',
    description: 'Fails.',
    input: z.object({}),
    effect: 'read',
    handler: () => {
      throw new Error('no such account');
    },
  }),
  defineTool({
    name: 'slow',
    description: 'Takes until it is aborted.',
    input: z.object({}),
    effect: 'idempotent',
    handler: async (_args, { signal, progress }) => {
      await progress({ progress: 1, total: 2, message: 'half' });
      aborted = new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      begun();
      await aborted;
      return 'aborted';
    },
  }),
];

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function served(options: Partial<ServeToolsOptions> = {}): Promise<ServedTools> {
  const made = await serveTools(tools, { port: 0, graceMs: 50, ...options });
  open.push(made);
  return made;
}

async function connected({ url }: ServedTools, headers: Record<string, string> = {}): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport as Transport);
  open.push(client);
  return client;
}

const call = (client: Client, name: string, args: object, _meta: Record<string, unknown> = {}, options: object = {}) =>
  client.request(
    { method: 'tools/call', params: { name, arguments: { ...args }, _meta } },
    CallToolResultSchema,
    options,
  );

describe('tools that are served over HTTP', () => {
  it('are listed with the schema of what they take, and hints', async () => {
    const { tools: listed } = await (await connected(await served())).listTools();
    expect(listed).toMatchObject([
      {
        name: 'pay',
        description: 'Pays an amount.',
        inputSchema: { type: 'object', required: ['amount'], properties: { currency: { default: 'EUR' } } },
        annotations: { readOnlyHint: false, idempotentHint: false },
      },
      { name: 'fail', annotations: { readOnlyHint: true, idempotentHint: true } },
      { name: 'slow', annotations: { readOnlyHint: false, idempotentHint: true } },
    ]);
  });

  it('get their arguments, the key of the call and the attempt', async () => {
    const client = await connected(await served());
    const sent = { 'holdfast/idempotency-key': 'r1.4.0', 'holdfast/attempt': 2 };
    const answer = await call(client, 'pay', { amount: 5 }, sent);
    expect(answer).toMatchObject({ content: [{ type: 'text', text: '{"paid":5,"currency":"EUR"}' }], isError: false });
    expect(paid.splice(0)).toEqual([{ amount: 5, key: 'r1.4.0', attempt: 2 }]);
  });

  it('get a key of their own for each call of another client', async () => {
    const client = await connected(await served());
    await call(client, 'pay', { amount: 1 });
    await call(client, 'pay', { amount: 1 });
    expect(new Set(paid.splice(0).map(({ key }) => key)).size).toBe(2);
  });

  it('are not called with arguments that do not fit; the model is told where', async () => {
    const client = await connected(await served());
    const answer = await call(client, 'pay', { amount: 'much' });
    expect(answer).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('amount') }] });
    expect(paid).toEqual([]);
  });

  it('answer with what they throw, as an error', async () => {
    const client = await connected(await served());
    expect(await call(client, 'fail', {})).toMatchObject({ isError: true, content: [{ text: 'no such account' }] });
  });

  it('tell progress, and hear that nobody waits any more', async () => {
    const client = await connected(await served());
    const abort = new AbortController();
    let tell: (progress: unknown) => void = () => undefined;
    const told = new Promise((resolve) => (tell = resolve));
    const answer = call(
      client,
      'slow',
      {},
      {},
      { signal: abort.signal, onprogress: (progress: unknown) => tell(progress) },
    );
    expect(await told).toEqual({ progress: 1, total: 2, message: 'half' });
    abort.abort();
    await expect(answer).rejects.toThrow('abort');
    await aborted;
  });

  it('let calls under way end at close, for a while; then abort them', async () => {
    const server = await served();
    const client = await connected(server);
    const started = new Promise<void>((resolve) => (begun = resolve));
    const answer = call(client, 'slow', {}).catch(() => undefined);
    await started;
    await server.close();
    await aborted;
    await client.close();
    await answer;
  });
});

describe('whoever may not', () => {
  const greeting = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    }),
  };
  const status = async ({ url }: ServedTools, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(url, { ...greeting, headers: { ...greeting.headers, ...headers } })).status;

  it('has no token is refused', async () => {
    const server = await served({ token: 'secret' });
    expect(await status(server)).toBe(401);
    expect(await status(server, { authorization: 'Bearer secreT' })).toBe(401);
    expect(await status(server, { authorization: 'Bearer secret' })).toBe(200);
    expect((await (await connected(server, { authorization: 'Bearer secret' })).listTools()).tools).toHaveLength(3);
  });

  it('is a page in a browser is refused', async () => {
    expect(await status(await served(), { origin: 'https://evil.example.com' })).toBe(403);
  });

  it('has a session of another process greets again', async () => {
    expect(await status(await served(), { 'mcp-session-id': 'gone' })).toBe(404);
  });

  it('is on another machine needs a token', async () => {
    await expect(serveTools(tools, { port: 0, host: '0.0.0.0' })).rejects.toThrow('give a token');
  });

  it.each(['', 'a b', 'x'.repeat(65)])('gives a tool the name "%s" is told so', (name) => {
    expect(() => defineTool({ name, description: '', input: z.object({}), handler: () => null })).toThrow('is no name');
  });

  it('gives two tools one name is told so', async () => {
    const [tool] = tools;
    if (tool === undefined) throw new Error('there are tools');
    await expect(serveTools([tool, tool], { port: 0 })).rejects.toThrow('same name');
  });
});
