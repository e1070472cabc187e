import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** How a value may come back. Made apart from what redaction looks for. */
export const echoes = (value: string): Record<string, string> => ({
  plain: value,
  json: JSON.stringify({ value }),
  jsonInJson: JSON.stringify(JSON.stringify({ value })),
  url: `https://x.test/?q=${encodeURIComponent(value)}`,
  form: new URLSearchParams({ value }).toString(),
  query: new URL(`https://x.test/?${value}`).search,
  base64: Buffer.from(value).toString('base64'),
  base64url: Buffer.from(value).toString('base64url'),
  basic: Buffer.from(`user:${value}`).toString('base64'),
  hex: Buffer.from(value).toString('hex'),
  html: value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
});

export interface EchoServer {
  readonly url: string;
  /** Requests that bore the value of the header `x-secret`, by path. */
  readonly heard: Map<string, number>;
  close(): Promise<void>;
}

const rpc = z.object({ id: z.union([z.string(), z.number()]).optional(), method: z.string() });

/**
 * Repeats the header `x-secret` in every way that a careless server might. `/mcp` is an MCP server; `/model/v1` a model
 * that repeats its key, a few characters at a time, and `/refusing/v1` one that refuses it.
 */
export async function startEchoServer(): Promise<EchoServer> {
  const heard = new Map<string, number>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const secret = String(request.headers['x-secret'] ?? '');
    const path = request.url?.split('?')[0] ?? '';
    if (secret !== '') heard.set(path, (heard.get(path) ?? 0) + 1);
    const all = Object.entries(echoes(secret))
      .map(([how, text]) => `${how}: ${text}`)
      .join('\n');
    const text = (status: number, body: string): void =>
      void response.writeHead(status, { 'content-type': 'text/plain', location: `/?t=${secret}` }).end(body);
    switch (path) {
      case '/echo':
        return text(200, all);
      case '/long':
        return text(200, `${all}\n`.repeat(200));
      case '/error':
        return text(500, all);
      case '/refused':
        return text(429, all);
      case '/binary':
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        return void response.end(Buffer.concat([Buffer.from([0, 255, 254]), Buffer.from(all), Buffer.from([128, 0])]));
      case '/cut':
        return void request.socket.destroy();
      case '/mcp':
        return mcp(request, response, all);
      case '/model/v1/chat/completions':
        return model(request, response);
      case '/refusing/v1/chat/completions':
        return text(401, `Wrong key: ${keyOf(request)}`);
      default:
        return text(404, all);
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the echo server does not listen');
  return {
    url: `http://127.0.0.1:${address.port}`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const keyOf = ({ headers }: IncomingMessage): string => (headers.authorization ?? '').replace(/^Bearer /, '');

function model(request: IncomingMessage, response: ServerResponse): void {
  const said = Object.values(echoes(keyOf(request))).join('\n');
  const chunk = (choice: object): string =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, ...choice }] })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of said.match(/[\s\S]{1,5}/g) ?? []) response.write(chunk({ delta: { content } }));
  response.end(`${chunk({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`);
}

async function mcp(request: IncomingMessage, response: ServerResponse, all: string): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(405).end();
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { id, method } = rpc.parse(JSON.parse(body));
  if (id === undefined) return void response.writeHead(202).end();
  const send = (result: object): void =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, ...result }));
  const capabilities = { tools: {} };
  const serverInfo = { name: 'echo', version: '1' };
  const schema = { type: 'object', properties: {} };
  switch (method) {
    case 'initialize':
      return send({ result: { protocolVersion: '2025-06-18', capabilities, serverInfo } });
    case 'tools/list':
      return send({
        result: {
          tools: [
            { name: 'repeat', description: 'Repeats.', inputSchema: schema },
            { name: 'leaky', description: `Says ${all}`, inputSchema: { ...schema, title: all } },
          ],
        },
      });
    case 'tools/call':
      return send({ result: { content: [{ type: 'text', text: all }], isError: true } });
    default:
      return send({ error: { code: -32_601, message: all } });
  }
}
