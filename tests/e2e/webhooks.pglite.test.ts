import { randomUUID } from 'node:crypto';
import type { NewWebhookResource, WebhookDeliveryResource, WebhookResource } from '@holdfast/contracts';
import { verifyWebhook, type WebhookMessage } from '@holdfast/sdk';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Received, type Receiver, startReceiver } from './support/receiver.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let receiver: Receiver;
let key: string;
let tenant: string;

beforeAll(async () => {
  receiver = await startReceiver();
  server = await startServer('pglite://memory', {
    environment: { OUTBOUND_ALLOW: receiver.host },
    // So that a receiver that fails for a moment is asked again in that moment.
    webhookPolicy: { pausesMs: [20, 50], jitter: 0.2, giveUpMs: 3_600_000 },
  });
  ({ key, id: tenant } = await server.tenant('mine'));
  const asks = { rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'well?' } }] }, { say: 'Heard {{last}}' }] };
  expect((await post('/v1/agents', scribe('asker', 1, asks))).status).toBe(201);
  expect((await post('/v1/agents', scribe('noter', 2))).status).toBe(201);
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

const post = (path: string, body: unknown = {}, headers?: Record<string, string>) =>
  server.ask(key, 'POST', path, body, headers);
const get = (path: string) => server.ask(key, 'GET', path);

/** On a path of its own, so that tests do not hear each other. */
async function made(body: object = {}): Promise<NewWebhookResource & { path: string }> {
  const path = `/${randomUUID()}`;
  const { status, json } = await post('/v1/webhooks', { url: `${receiver.url}${path}`, ...body });
  expect(status).toBe(201);
  return { ...(json as unknown as NewWebhookResource), path };
}
const at = (path: string): Received[] => receiver.received.filter((one) => one.path === path);
const taken = (path: string): Received[] => at(path).filter(({ status }) => status === 204);
const messageOf = ({ body }: Received): WebhookMessage => JSON.parse(body) as WebhookMessage;
const typesOf = (received: readonly Received[]): string[] => received.map((one) => messageOf(one).type);
const started = async (agent: string, more: object = {}): Promise<string> =>
  String((await post('/v1/runs', { agent, ...more })).json['id']);
const soon = { timeout: 15_000 };
const deliveriesOf = async (id: string, query = ''): Promise<WebhookDeliveryResource[]> =>
  (await get(`/v1/webhooks/${id}/deliveries?limit=200${query}`)).json['items'] as WebhookDeliveryResource[];
const show = async (id: string): Promise<WebhookResource> =>
  (await get(`/v1/webhooks/${id}`)).json as unknown as WebhookResource;
const headersOf = ({ headers }: Received) => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
});

describe('what is sent', () => {
  test('ends, and what needs a person, signed, as the log has it', async () => {
    const { path, secret, id } = await made();
    const run = await started('asker', { metadata: { ticket: '7' } });
    await expect.poll(() => typesOf(at(path)), soon).toEqual(['question.asked']);
    const { items } = (await get(`/v1/attention?run=${run}`)).json as { items: { ref: string }[] };
    await post(`/v1/runs/${run}/attention/${items[0]?.ref}`, { decision: 'answer', answer: 'yes' });
    await expect.poll(() => typesOf(at(path)), soon).toEqual(['question.asked', 'run.succeeded']);
    const events = (await get(`/v1/runs/${run}/events?limit=1000`)).json['items'] as { seq: number; at: string }[];
    for (const one of at(path)) {
      const message = await verifyWebhook({ body: one.body, headers: one.headers, secret });
      const event = events.find(({ seq }) => seq === message.data.event.seq);
      expect(message).toEqual({
        type: message.data.event.type,
        timestamp: event?.at,
        data: { run_id: run, agent: 'asker', version: 1, metadata: { ticket: '7' }, event },
      });
      expect(new Webhook(secret).verify(one.body, headersOf(one))).toEqual(message);
      expect(one.headers).toMatchObject({ 'content-type': 'application/json' });
      expect(one.body).not.toContain(tenant);
    }
    await expect.poll(() => deliveriesOf(id), soon).toHaveLength(2);
    expect((await deliveriesOf(id))[0]).toMatchObject({
      trigger: 'event',
      state: 'delivered',
      type: 'run.succeeded',
      run_id: run,
      attempt: 1,
      status: 204,
      error: null,
    });
  });

  test('each event in the order of its run, through a receiver that fails for a while, and other runs do not wait', async () => {
    const { path, id } = await made({ events: ['all'], agent: 'noter' });
    let stuck: string | null = null;
    let broken = 6;
    receiver.answer = (request) => {
      if (request.path !== path) return { status: 204 };
      const { run_id: run, event } = messageOf({ ...request, status: 0 }).data;
      stuck ??= run;
      if (run !== stuck || event.seq !== 3 || broken === 0) return { status: 204 };
      broken -= 1;
      return broken % 3 === 0 ? null : { status: broken % 2 === 0 ? 503 : 404, body: 'not now' };
    };
    const runs: string[] = [];
    for (let index = 0; index < 4; index += 1) runs.push(await started('noter'));
    const seqsOf = (run: string) =>
      taken(path)
        .map((one) => messageOf(one).data)
        .filter(({ run_id }) => run_id === run)
        .map(({ event }) => event.seq);
    for (const run of runs) {
      await expect.poll(async () => (await get(`/v1/runs/${run}`)).json['status'], soon).toBe('succeeded');
      const { head } = (await get(`/v1/runs/${run}/events?limit=1`)).json as { head: number };
      const all = Array.from({ length: head }, (_, index) => index + 1);
      await expect.poll(() => seqsOf(run), soon).toEqual(all);
    }
    receiver.answer = () => ({ status: 204 });
    expect(broken).toBe(0);
    const failed = await deliveriesOf(id, '&state=failed');
    expect(failed.map(({ attempt }) => attempt)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(failed.every(({ run_id, seq, retry_at }) => run_id === stuck && seq === 3 && retry_at !== null)).toBe(true);
    const counts = [null, 404, 503].map((status) => failed.filter((one) => one.status === status).length);
    expect(counts).toEqual([2, 2, 2]);
    expect(new Set(failed.map(({ message_id }) => message_id)).size).toBe(1);
    await expect.poll(() => show(id), soon).toMatchObject({ failures: 0, failing_since: null });
  });

  test('410 disables at once; enabled, it goes on where it stopped', async () => {
    const { path, id } = await made({ events: ['ends'] });
    receiver.answer = (request) => ({ status: request.path === path ? 410 : 204 });
    await started('noter');
    await expect.poll(() => show(id), soon).toMatchObject({ enabled: false, disabled_because: 'gone' });
    const run = await started('noter');
    await expect.poll(async () => (await get(`/v1/runs/${run}`)).json['status'], soon).toBe('succeeded');
    receiver.answer = () => ({ status: 204 });
    expect(at(path)).toHaveLength(1);
    expect((await post(`/v1/webhooks/${id}/enable`)).json).toMatchObject({ enabled: true, disabled_because: null });
    await expect.poll(() => taken(path), soon).toHaveLength(2);
  });

  test('while a secret is being changed messages bear both signatures, and then the new one alone', async () => {
    const { path, id, secret: old } = await made({ events: ['ends'] });
    const { json } = await post(`/v1/webhooks/${id}/rotate`, { overlap: '1h' });
    const fresh = String(json['secret']);
    expect(fresh).toMatch(/^whsec_/);
    await started('noter');
    await expect.poll(() => at(path), soon).toHaveLength(1);
    const [first] = at(path);
    if (first === undefined) throw new Error('nothing came');
    for (const secret of [old, fresh]) await verifyWebhook({ body: first.body, headers: first.headers, secret });
    const last = String((await post(`/v1/webhooks/${id}/rotate`, { overlap: '1ms' })).json['secret']);
    await started('noter');
    await expect.poll(() => at(path), soon).toHaveLength(2);
    const second = at(path)[1];
    if (second === undefined) throw new Error('nothing came');
    await verifyWebhook({ body: second.body, headers: second.headers, secret: last });
    await expect(verifyWebhook({ body: second.body, headers: second.headers, secret: fresh })).rejects.toThrow('fits');
  });
});

describe('what is asked for', () => {
  test('a test is sent at once, and the answer says what came of it', async () => {
    const { path, id, secret } = await made();
    expect((await post(`/v1/webhooks/${id}/test`)).json).toMatchObject({
      state: 'delivered',
      trigger: 'test',
      status: 204,
    });
    const [one] = at(path);
    if (one === undefined) throw new Error('nothing came');
    expect(await verifyWebhook({ body: one.body, headers: one.headers, secret })).toMatchObject({
      type: 'webhook.test',
      data: { webhook_id: id },
    });
    receiver.answer = (request) => ({ status: request.path === path ? 500 : 204, body: 'broken\u0000' });
    expect((await post(`/v1/webhooks/${id}/test`)).json).toMatchObject({
      state: 'failed',
      status: 500,
      error: 'HTTP 500',
      response: 'broken\uFFFD',
    });
    receiver.answer = () => ({ status: 204 });
    expect((await deliveriesOf(id)).map(({ state }) => state)).toEqual(['failed', 'delivered']);
    expect(await show(id)).toMatchObject({ failures: 0 });
  });

  test('a delivery, a run and what happened since a time are sent again, with the same ids', async () => {
    const { path, id } = await made({ events: ['run.created', 'ends'] });
    const run = await started('noter');
    await expect.poll(() => typesOf(at(path)), soon).toEqual(['run.created', 'run.succeeded']);
    await expect.poll(() => deliveriesOf(id, `&run=${run}`), soon).toHaveLength(2);
    const [newest] = await deliveriesOf(id);
    expect((await post(`/v1/webhooks/${id}/deliveries/${newest?.id}/replay`)).json).toMatchObject({
      state: 'delivered',
      trigger: 'replay',
      type: 'run.succeeded',
      message_id: newest?.message_id,
    });
    const again = ['run.created', 'run.succeeded', 'run.succeeded'];
    expect(typesOf(at(path))).toEqual(again);
    expect(await post(`/v1/webhooks/${id}/replay`, { run })).toMatchObject({ status: 202, json: { runs: 1 } });
    await expect.poll(() => typesOf(at(path)), soon).toEqual([...again, 'run.created', 'run.succeeded']);
    const since = new Date(Date.now() - 60_000).toISOString();
    expect((await post(`/v1/webhooks/${id}/replay`, { since })).json).toEqual({ runs: 1 });
    await expect.poll(() => at(path), soon).toHaveLength(7);
    expect(new Set(at(path).map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });

  test('with a run that is deleted its deliveries go, with a webhook everything', async () => {
    const { path, id } = await made({ events: ['ends'] });
    const run = await started('noter');
    await expect.poll(() => deliveriesOf(id), soon).toHaveLength(1);
    const [delivery] = await deliveriesOf(id);
    expect((await server.ask(key, 'DELETE', `/v1/runs/${run}`)).status).toBe(204);
    expect(await deliveriesOf(id)).toEqual([]);
    expect(await post(`/v1/webhooks/${id}/deliveries/${delivery?.id}/replay`)).toMatchObject({
      status: 404,
      json: { code: 'delivery_not_found' },
    });
    expect((await server.ask(key, 'DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
    expect(await get(`/v1/webhooks/${id}`)).toMatchObject({ status: 404, json: { code: 'webhook_not_found' } });
    await started('noter');
    expect(at(path)).toHaveLength(1);
  });

  test('a change is made of the version that If-Match names, or not at all', async () => {
    const { id, path } = await made();
    const { headers } = await get(`/v1/webhooks/${id}`);
    const put = (body: object, match: string) =>
      server.ask(key, 'PUT', `/v1/webhooks/${id}`, body, { 'if-match': match });
    const body = { url: `${receiver.url}${path}`, events: ['ends'], description: 'x' };
    const set = await put(body, headers.get('etag') ?? '');
    expect(set).toMatchObject({ status: 200, json: { events: ['ends'], description: 'x', agent: null } });
    expect(await put(body, headers.get('etag') ?? '')).toMatchObject({ status: 412, json: { code: 'etag_mismatch' } });
  });

  test.each([
    ['http://example.com/hook', /OUTBOUND_ALLOW/],
    ['https://127.0.0.1/hook', /not on the public internet/],
    ['https://10.1.2.3/hook', /not on the public internet/],
    ['https://[::1]/hook', /not on the public internet/],
    ['https://[::ffff:169.254.169.254]/latest', /not on the public internet/],
    ['https://2130706433/hook', /not on the public internet/],
    ['https://0x7f.1/hook', /not on the public internet/],
    ['https://user:password@example.com/hook', /user or a password/],
  ])('%s is refused', async (url, why) => {
    const { status, json } = await post('/v1/webhooks', { url });
    expect([status, json['code']]).toEqual([422, 'webhook_url_refused']);
    expect(json['detail']).toMatch(why);
  });

  test('a name that leads into the own network is found out when it is called', async () => {
    const { json } = await post('/v1/webhooks', { url: 'https://localhost/hook' });
    expect((await post(`/v1/webhooks/${String(json['id'])}/test`)).json).toMatchObject({
      state: 'failed',
      status: null,
      error: expect.stringMatching(/not on the public internet/),
    });
  });

  test.each<[string, string, object]>([
    ['/url', '/v1/webhooks', { url: 'ftp://x.test' }],
    ['/url', '/v1/webhooks', { url: 'hook' }],
    ['/events/0', '/v1/webhooks', { url: 'https://x.test', events: ['run.exploded'] }],
    ['/events', '/v1/webhooks', { url: 'https://x.test', events: [] }],
    ['/secret', '/v1/webhooks', { url: 'https://x.test', secret: 'mine' }],
  ])('what does not fit is refused at %s', async (place, path, body) => {
    const { status, json } = await post(path, body);
    expect(status).toBe(422);
    expect(json['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ path: place })]));
  });

  test('its secret is shown once, to admins, and stands among no secrets', async () => {
    const { id, secret } = await made();
    for (const path of [`/v1/webhooks/${id}`, '/v1/webhooks?limit=200', '/v1/secrets', '/v1/audit'])
      expect((await get(path)).text).not.toContain(secret.slice(6));
    expect((await get('/v1/secrets')).json).toMatchObject({ items: [] });
    const body = { url: 'https://x.test' };
    expect((await post('/v1/webhooks', body, { 'idempotency-key': 'k' })).status).toBe(400);
    const operator = await server.key(tenant, ['operator']);
    expect((await server.ask(operator, 'GET', `/v1/webhooks/${id}`)).status).toBe(200);
    expect((await server.ask(operator, 'GET', `/v1/webhooks/${id}/deliveries`)).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/v1/webhooks'],
      ['PUT', `/v1/webhooks/${id}`],
    ] as const)
      expect((await server.ask(operator, method, path, body)).status).toBe(403);
  });
});
