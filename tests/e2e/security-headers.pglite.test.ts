import { connect } from 'node:net';
import { wireApi } from '@holdfast/api';
import { parseEnv } from '@holdfast/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let run: string;

beforeAll(async () => {
  const environment = { TRUSTED_PROXIES: '127.0.0.1', CORS_ORIGINS: 'https://app.example.com' };
  server = await startServer('pglite://memory', { environment });
  ({ key } = await server.tenant('mine'));
  await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1));
  run = String((await server.ask(key, 'POST', '/v1/runs', { agent: 'scribe' })).json['id']);
});
afterAll(() => server.close());

/** What is answered to these bytes until the connection ends. */
const sent = (url: string, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (data) => (heard += String(data)));
    socket.on('end', () => resolve(heard));
    socket.on('error', reject);
  });

const always = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const kinds: readonly [string, number, () => Promise<{ status: number; headers: Headers }>][] = [
  ['data', 200, () => server.ask(key, 'GET', '/v1/runs')],
  ['a refusal', 401, () => server.ask(null, 'GET', '/v1/runs')],
  ['an unknown path', 404, () => server.ask(null, 'GET', '/nowhere')],
  ['another method', 405, () => server.ask(null, 'PATCH', '/v1/runs')],
  ['a malformed URL', 400, () => server.ask(null, 'GET', '/v1/%ff')],
  ['a body that is too large', 413, () => server.ask(key, 'POST', '/v1/threads', 'x'.repeat(70_000))],
  ['a page', 200, () => server.ask(null, 'GET', '/reference')],
  ['a stream', 200, () => server.ask(key, 'GET', `/v1/runs/${run}/events`, undefined, { accept: 'text/event-stream' })],
  ['a preflight', 204, () => server.ask(null, 'OPTIONS', '/v1/runs', undefined, { origin: 'https://app.example.com' })],
];

describe.each(kinds)('%s', (what, status, ask) => {
  test('bears the headers that browsers heed', async () => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    for (const [name, value] of Object.entries(always)) expect([name, answer.headers.get(name)]).toEqual([name, value]);
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toMatch(what === 'a page' ? /^default-src 'self'; frame-ancestors 'none'/ : /^default-src 'none'/);
    expect(answer.headers.get('cache-control')).toMatch(/^no-(store|cache)/);
    // Nobody is told what runs here.
    expect(answer.headers.get('server')).toBeNull();
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.headers.get('strict-transport-security')).toBeNull();
  });
});

test('HSTS is said where a trusted edge was asked by HTTPS', async () => {
  const { headers } = await server.ask(key, 'GET', '/v1/me', undefined, { 'x-forwarded-proto': 'https' });
  expect(headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
});

test('what is no HTTP gets them, too', async () => {
  const text = await sent(server.url, 'nonsense\r\n\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  for (const [name, value] of Object.entries(always)) expect(text).toContain(`${name}: ${value}\r\n`);
});

test('whoever sends slowly is not waited for', async () => {
  expect(server.api.app.server.headersTimeout).toBe(15_000);
  const { database, files } = server;
  const config = parseEnv({ DATA_DIR: files, LOG_LEVEL: 'error' });
  const impatient = await wireApi(config, { database, bodyTimes: { wholeMs: 300, pieceMs: 300 } });
  try {
    const url = await impatient.app.listen({ host: '127.0.0.1', port: 0 });
    const head = [
      'POST /v1/runs HTTP/1.1',
      'host: x',
      `authorization: Bearer ${key}`,
      'content-type: application/json',
    ];
    const half = '{"agent":';
    const text = await sent(url, [...head, `content-length: ${half.length * 2}`, '', half].join('\r\n'));
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('The request did not arrive in time.');
  } finally {
    await impatient.close();
  }
});

test('a body is as large as its operation needs, and no larger', async () => {
  const large = { content: 'x'.repeat(70_000) };
  expect((await server.ask(key, 'POST', `/v1/runs/${run}/messages`, large)).json['code']).not.toBe('payload_too_large');
  const padded = `{}${' '.repeat(70_000)}`;
  for (const path of ['/v1/threads', '/v1/api-keys', '/v1/webhooks', `/v1/runs/${run}/pause`])
    expect((await server.ask(key, 'POST', path, padded)).json['code']).toBe('payload_too_large');
});
