import { createServer, type ServerResponse } from 'node:http';

export interface HttpEffect {
  readonly path: string;
  readonly key: string;
  readonly attempt: string;
}

/** An HTTP server whose requests have effects, and are counted: it stands outside the product and knows nothing of it. */
export interface HttpEffects {
  readonly url: string;
  readonly port: number;
  readonly effects: HttpEffect[];
  /** How the n-th request (from 1) with a key is answered; left out: 200 and the path. */
  answer: (response: ServerResponse, effect: HttpEffect, number: number) => void;
  close(): Promise<void>;
}

export async function httpEffects(): Promise<HttpEffects> {
  const http = createServer((request, response) => {
    request.resume().on('end', () => {
      const effect = {
        path: request.url ?? '',
        key: String(request.headers['idempotency-key']),
        attempt: String(request.headers['holdfast-attempt']),
      };
      server.effects.push(effect);
      const number = server.effects.filter(({ key }) => key === effect.key).length;
      server.answer(response, effect, number);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const server: HttpEffects = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    effects: [],
    answer: (response, { path }) => response.setHeader('content-type', 'text/plain').end(`done ${path}`),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}
