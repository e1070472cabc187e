import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { OutboundClient } from '../outbound/index.ts';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpWebhookSender } from './http-webhook-sender.ts';
import { retryAfterMs } from './retry-after.ts';

let server: Server;
let url: string;
let host: string;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  host = `127.0.0.1:${address.port}`;
  url = `http://${host}/hook`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const sender = (timeoutMs = 5_000) =>
  new HttpWebhookSender({ outbound: new OutboundClient({ allow: [host] }), timeoutMs });
const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
const request = { message: 'msg_1', at: 1_614_265_330_000, body: '{"text":"é"}', secrets };

test('signs the known vector of the specification', async () => {
  const [seen, done] = [{ signature: '' }, { message: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' }];
  answer = ({ headers }, response) => {
    seen.signature = String(headers['webhook-signature']);
    response.writeHead(204).end();
  };
  expect(await sender().send({ ...request, ...done, url })).toMatchObject({ type: 'answered', status: 204 });
  expect(seen.signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('sends the exact bytes, with a signature for each secret', async () => {
  const both = [...secrets, 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'];
  const at = Date.now();
  let verified = 0;
  answer = ({ headers, method }, response, body) => {
    const given = {
      'webhook-id': String(headers['webhook-id']),
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    };
    expect([method, body, headers['content-type']]).toEqual(['POST', request.body, 'application/json']);
    for (const secret of both) verified += new Webhook(secret).verify(body, given) === undefined ? 0 : 1;
    response.writeHead(200).end('thanks');
  };
  expect(await sender().send({ ...request, at, secrets: both, url })).toEqual({
    type: 'answered',
    status: 200,
    response: 'thanks',
    retryAfterMs: null,
  });
  expect(verified).toBe(2);
});

test('a redirect is an answer, a long answer is cut, odd bytes are made readable', async () => {
  answer = (_request, response) =>
    void response.writeHead(302, { location: 'https://other.test', 'retry-after': '7' }).end('\u0000'.repeat(5_000));
  expect(await sender().send({ ...request, url })).toEqual({
    type: 'answered',
    status: 302,
    response: '\uFFFD'.repeat(1_024),
    retryAfterMs: 7_000,
  });
});

test('waits for a bounded time, and says what else went wrong', async () => {
  answer = () => undefined;
  expect(await sender(50).send({ ...request, url })).toEqual({ type: 'no-answer', error: 'no answer within 0.05 s' });
  answer = ({ socket }) => void socket.destroy();
  expect(await sender().send({ ...request, url })).toMatchObject({ type: 'no-answer' });
  expect(await sender().send({ ...request, url, mayBegin: () => false })).toEqual({ type: 'not-begun' });
});

describe('addresses of the own network', () => {
  test.each([
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0.0.0.0/',
  ])('%s is refused, before it is called and when', async (forbidden) => {
    expect(sender().refusal(forbidden)).toMatch(/not on the public internet/);
    expect(await sender().send({ ...request, url: forbidden })).toMatchObject({
      type: 'no-answer',
      error: expect.stringMatching(/not on the public internet/) as unknown,
    });
  });

  test('names are looked at when they are called', async () => {
    expect(sender().refusal('https://localhost/')).toBeNull();
    expect(await sender().send({ ...request, url: 'https://localhost/' })).toMatchObject({
      type: 'no-answer',
      error: expect.stringMatching(/not on the public internet/) as unknown,
    });
  });

  test('http is for what OUTBOUND_ALLOW names', () => {
    expect(sender().refusal(url)).toBeNull();
    for (const other of ['http://example.com/', 'http://127.0.0.1:1/']) expect(sender().refusal(other)).not.toBeNull();
    expect(sender().refusal('https://example.com/')).toBeNull();
    const wide = new HttpWebhookSender({ outbound: new OutboundClient({ allow: ['10.0.0.0/8', 'hook.test'] }) });
    for (const named of ['http://10.1.2.3/', 'https://10.1.2.3:8443/', 'http://hook.test:99/'])
      expect(wide.refusal(named)).toBeNull();
    expect(wide.refusal('http://11.1.2.3/')).toMatch(/https/);
  });
});

test.each([
  [undefined, null],
  ['120', 120_000],
  [' 0 ', 0],
  ['Thu, 25 Feb 2021 15:02:20 GMT', 10_000],
  ['Thu, 25 Feb 2021 15:02:00 GMT', 0],
  ['999999999', 86_400_000],
  ['soon', null],
  ['-1', 0],
])('Retry-After %j asks for %j ms', (header, ms) => {
  expect(retryAfterMs(header, Date.parse('2021-02-25T15:02:10Z'))).toBe(ms);
});
