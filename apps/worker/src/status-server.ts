import { createServer, type Server } from 'node:http';
import type { RunningWorker } from './wiring.ts';

/** `/metrics`, `/readyz` and `/healthz` of a worker. Rejects with the error of `listen`. */
export async function serveStatus(worker: RunningWorker, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(worker, request.url ?? '').then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

async function answer(worker: RunningWorker, url: string): Promise<{ status: number; type: string; body: string }> {
  const type = 'application/json';
  switch (url.split('?')[0]) {
    case '/metrics':
      return { status: 200, type: worker.metrics.contentType, body: await worker.metrics.text() };
    case '/readyz': {
      const { ready, checks } = await worker.readiness();
      const body = { status: ready ? 'ready' : 'not-ready', checks };
      return { status: ready ? 200 : 503, type, body: JSON.stringify(body) };
    }
    case '/healthz':
      return { status: 200, type, body: '{"status":"ok"}' };
    default:
      return { status: 404, type, body: '{}' };
  }
}
