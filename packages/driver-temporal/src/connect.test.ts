import { createServer, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from './connect.ts';
import type { TemporalSettings, TemporalToken } from './temporal-settings.ts';

/** Gives `token-1`, `token-2`, …, each good for a second. */
let issuer: Server;
/** Says yes to whatever Temporal is asked. */
let temporal: Http2Server;
const asked: string[] = [];
/** How the client of each call to Temporal said who it is. */
const bearers: (string | undefined)[] = [];
let away = false;

const portOf = (server: Server | Http2Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

beforeAll(async () => {
  issuer = createServer((request, response) => {
    if (away) return void response.writeHead(503).end();
    let body = '';
    request.on('data', (piece) => (body += String(piece)));
    request.on('end', () => {
      asked.push(`${request.headers.authorization} ${body}`);
      response.end(JSON.stringify({ access_token: `token-${asked.length}`, expires_in: 1 }));
    });
  });
  temporal = createHttp2();
  temporal.on('stream', (stream, headers) => {
    bearers.push(headers['authorization']);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    // An empty message.
    stream.end(Buffer.alloc(5));
  });
  for (const server of [issuer, temporal])
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
});
afterAll(() => {
  issuer.close();
  temporal.close();
});

const settings = (token: TemporalToken | null): TemporalSettings => ({
  address: `127.0.0.1:${portOf(temporal)}`,
  namespace: 'holdfast',
  taskQueue: 'q',
  advanceTaskQueue: 'q',
  tls: null,
  apiKey: null,
  token,
});
const token = (): TemporalToken => ({
  url: `http://127.0.0.1:${portOf(issuer)}/token`,
  clientId: 'temporal-worker',
  clientSecret: 'a secret:/+',
});

test('an access token is brought to Temporal, and renewed before it ends', async () => {
  const problems: unknown[] = [];
  const connection = await connect(settings(token()), (error) => problems.push(error));
  expect(asked[0]).toBe(
    `Basic ${Buffer.from('temporal-worker:a+secret%3A%2F%2B').toString('base64')} grant_type=client_credentials`,
  );
  expect(bearers.at(-1)).toBe('Bearer token-1');
  const ask = async (): Promise<string | undefined> => {
    await connection.native.workflowService.getSystemInfo({});
    return bearers.at(-1);
  };
  await expect.poll(ask).toMatch(/^Bearer token-([3-9]|\d\d)$/);
  away = true;
  await expect.poll(() => problems).not.toHaveLength(0);
  // What it has is brought on.
  expect(await ask()).toMatch(/^Bearer token-\d+$/);
  await connection.close();
  away = false;
  expect(String(problems[0])).toContain('answered 503');
  expect(String(problems[0])).not.toContain('a secret');
});

test('without one there is no connection, and it says what to look at', async () => {
  const elsewhere = { ...token(), url: 'http://127.0.0.1:1/token' };
  await expect(connect(settings(elsewhere))).rejects.toThrow('is TEMPORAL_TOKEN_URL right?');
  away = true;
  await expect(connect(settings(token()))).rejects.toThrow('are TEMPORAL_TOKEN_CLIENT_ID (temporal-worker)');
  away = false;
});

test('nobody is named where nobody is asked for', async () => {
  const connection = await connect(settings(null));
  expect(bearers.at(-1)).toBeUndefined();
  await connection.close();
});
