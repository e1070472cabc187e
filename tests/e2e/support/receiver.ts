import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What was answered. */
  readonly status: number;
}

export interface Receiver {
  readonly url: string;
  /** Host and port, as OUTBOUND_ALLOW names it. */
  readonly host: string;
  /** Everything that came, in order. */
  readonly received: readonly Received[];
  /** What is answered from now on; `null`: the connection is cut. Default 204. */
  answer: (
    request: Omit<Received, 'status'>,
  ) => { status: number; headers?: Record<string, string>; body?: string } | null;
  close(): Promise<void>;
}

/** A receiver of webhooks on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const came = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
      const answer = receiver.answer(came);
      received.push({ ...came, status: answer?.status ?? 0 });
      if (answer === null) return void request.socket.destroy();
      response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${address.port}`,
    host: `127.0.0.1:${address.port}`,
    received,
    answer: () => ({ status: 204 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
