import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startServer('pglite://memory', { worker: false });
  ({ key } = await server.tenant('mine'));
});
afterAll(() => server.close());

const numbers = async (): Promise<string> => (await server.ask(null, 'GET', '/metrics')).text;

test('requests are counted by their pattern, never by their address', async () => {
  await server.ask(key, 'GET', '/v1/agents/somebody');
  await server.ask(key, 'GET', '/nowhere/at/all');
  const text = await numbers();
  expect(text).toContain('holdfast_http_request_seconds_count{method="GET",route="/v1/agents/:agent",status="404"} 1');
  expect(text).toContain('holdfast_http_request_seconds_count{method="GET",route="unknown",status="404"} 1');
  expect(text).not.toMatch(/somebody|nowhere/);
});

test('open streams are counted while they are open, and not as requests', async () => {
  await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1));
  const run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
  const leaving = new AbortController();
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
  const stream = await fetch(`${server.url}/v1/runs/${run}/events`, { headers, signal: leaving.signal });
  expect(stream.status).toBe(200);
  expect(await numbers()).toContain('holdfast_sse_streams 1');
  leaving.abort();
  await expect.poll(numbers).toContain('holdfast_sse_streams 0');
  expect(await numbers()).not.toContain('route="/v1/runs/:run/events"');
});

test('a connection that asks nothing does not hold the stop', async () => {
  const stopping = await startServer('pglite://memory', { worker: false });
  const socket = connect(Number(new URL(stopping.url).port), '127.0.0.1');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  await stopping.ask(null, 'GET', '/healthz');
  const began = performance.now();
  await stopping.close();
  await ended;
  expect(performance.now() - began).toBeLessThan(5_000);
}, 40_000);

test('a request that never ends does not hold the stop for longer than DRAIN_TIMEOUT_MS', async () => {
  const stopping = await startServer('pglite://memory', { worker: false, drainMs: 300 });
  const tenant = await stopping.tenant('mine');
  const socket = connect(Number(new URL(stopping.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/agents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tenant.key}\r\n` +
      'content-type: application/json\r\ncontent-length: 10\r\n\r\n{',
  );
  // Sent on another connection afterwards, and answered: the first request has arrived.
  await stopping.ask(tenant.key, 'GET', '/v1/agents');
  const began = performance.now();
  await stopping.close();
  expect(performance.now() - began).toBeGreaterThan(200);
  expect(performance.now() - began).toBeLessThan(5_000);
}, 20_000);
