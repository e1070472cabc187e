import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface Rpc {
  readonly id?: number;
  readonly method: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: { readonly text?: string };
    readonly _meta?: { readonly progressToken?: number };
  };
}

export interface Heard {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly rpc: Rpc | null;
}

/** An MCP server over HTTP, written without the SDK so that it can misbehave. */
export interface HttpServer {
  readonly url: string;
  readonly heard: Heard[];
  /** Tools by name, with their descriptions. */
  readonly tools: Map<string, string>;
  /** What a call of this name does instead of answering with its text. */
  readonly calls: Map<string, (response: ServerResponse, rpc: Rpc, request: IncomingMessage) => void>;
  /** Answers to a GET that takes up a stream. */
  onResume: (response: ServerResponse, lastEventId: string) => void;
  sessions: number;
  close(): Promise<void>;
}

export async function httpServer(): Promise<HttpServer> {
  const http = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const rpc = text === '' ? null : (JSON.parse(text) as Rpc);
      server.heard.push({ method: request.method ?? '', headers: request.headers, rpc });
      const resumes = request.headers['last-event-id'];
      if (request.method === 'GET' && typeof resumes === 'string') return server.onResume(response, resumes);
      if (rpc === null) return response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
      return answer(server, response, rpc, request);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const server: HttpServer = {
    url: `http://127.0.0.1:${address.port}/mcp`,
    heard: [],
    tools: new Map(),
    calls: new Map(),
    onResume: (response) => response.writeHead(405).end(),
    sessions: 0,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

function answer(server: HttpServer, response: ServerResponse, rpc: Rpc, request: IncomingMessage): void {
  if (rpc.id === undefined) return void response.writeHead(202).end();
  switch (rpc.method) {
    case 'initialize':
      server.sessions += 1;
      response.setHeader('mcp-session-id', `s${server.sessions}`);
      return json(response, rpc, {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'scripted', version: '1' },
      });
    case 'tools/list':
      return json(response, rpc, {
        tools: [...server.tools].map(([name, description]) => ({ name, description, inputSchema: { type: 'object' } })),
      });
    case 'tools/call': {
      const act = server.calls.get(rpc.params?.name ?? '');
      if (act !== undefined) return act(response, rpc, request);
      return json(response, rpc, textResult(rpc.params?.arguments?.text ?? ''));
    }
    default:
      return json(response, rpc, {});
  }
}

export const textResult = (text: string): object => ({ content: [{ type: 'text', text }] });

export function json(response: ServerResponse, { id }: Rpc, result: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

export function eventStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
}

export const sse = (message: object, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
