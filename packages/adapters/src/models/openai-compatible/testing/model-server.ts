import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  /** Resolves when the client has gone before it had its answer. */
  readonly gone: Promise<void>;
}

/** Plays one answer; the test decides how. */
export type Play = (response: ServerResponse) => void;

/** A server that answers each request as the test says, and remembers what it was asked. */
export async function modelServer() {
  const asked: Asked[] = [];
  let play: Play = (response) => response.writeHead(500).end();
  let told = (): void => undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const gone = new Promise<void>((resolve) => {
        response.once('close', () => (response.writableFinished ? undefined : resolve()));
      });
      const { method = '', url = '', headers } = request;
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      asked.push({ method, path: url, headers, body, gone });
      told();
      play(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the model server does not listen');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    asked,
    plays: (next: Play) => void (play = next),
    /** Resolves when so many requests have come. */
    askedTimes: async (count: number) => {
      while (asked.length < count) await new Promise<void>((resolve) => (told = resolve));
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type ModelServer = Awaited<ReturnType<typeof modelServer>>;

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

/** A fixture, in pieces of so many bytes. */
export const streams =
  (name: string, size = 1_000_000): Play =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const bytes = Buffer.from(fixture(name));
    for (let at = 0; at < bytes.length; at += size) response.write(bytes.subarray(at, at + size));
    response.end();
  };

export const says = (chunks: readonly unknown[], end: 'end' | 'hang' | 'cut' = 'end'): Play => {
  const text = chunks.map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join('');
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => {
      if (end === 'end') response.end();
      if (end === 'cut') response.destroy();
    });
  };
};

export const refuses =
  (status: number, body: string | object, headers: Readonly<Record<string, string>> = {}): Play =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** A chunk of an answer's text. */
export const word = (content: string, finish_reason: string | null = null) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'real-model',
  choices: [{ index: 0, delta: { content }, finish_reason }],
});

export const tooLong = (): string => fixture('llama.cpp-too-long.json');
