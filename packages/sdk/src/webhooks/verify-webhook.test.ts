import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { verifyWebhook, WebhookInvalid } from './verify-webhook.ts';

/** The example of the specification (standard-webhooks.md): its secret, message and signature. */
const known = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const at = Number(known.timestamp) * 1_000;
const headers = {
  'webhook-id': known.id,
  'webhook-timestamp': known.timestamp,
  'webhook-signature': known.signature,
};
const good = { body: known.body, headers, secret: known.secret, now: at + 1_000 };

test('takes the known vector, as text and as bytes, from both kinds of headers', async () => {
  const message = { test: 2_432_232_314 };
  expect(await verifyWebhook(good)).toEqual(message);
  const bytes = new TextEncoder().encode(known.body);
  expect(await verifyWebhook({ ...good, body: bytes, headers: new Headers(headers) })).toEqual(message);
});

test('takes one of several signatures, as during a rotation', async () => {
  const signatures = `v1,${Buffer.from('x'.repeat(32)).toString('base64')} v2,x ${known.signature}`;
  expect(await verifyWebhook({ ...good, headers: { ...headers, 'webhook-signature': signatures } })).toBeDefined();
});

test('takes text beyond ASCII', async () => {
  const body = '{"text":"é 😀"}';
  const key = Buffer.from(known.secret.slice(6), 'base64');
  const mac = createHmac('sha256', key).update(`${known.id}.${known.timestamp}.${body}`).digest('base64');
  const signed = { ...headers, 'webhook-signature': `v1,${mac}` };
  expect(await verifyWebhook({ ...good, body, headers: signed })).toEqual({ text: 'é 😀' });
});

const { 'webhook-id': _id, ...withoutId } = headers;
test.each<[string, Partial<Parameters<typeof verifyWebhook>[0]>, RegExp]>([
  ['another body', { body: '{"test": 1}' }, /no signature/],
  ['the body written again', { body: JSON.stringify(JSON.parse(known.body)) }, /no signature/],
  ['another secret', { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx' }, /no signature/],
  ['another id', { headers: { ...headers, 'webhook-id': 'msg_x' } }, /no signature/],
  ['no id', { headers: withoutId }, /webhook-id is missing/],
  ['a signature that is none', { headers: { ...headers, 'webhook-signature': 'v1,%%' } }, /no signature/],
  ['a version that is not known', { headers: { ...headers, 'webhook-signature': known.signature.slice(1) } }, /no sig/],
  ['a time that is none', { headers: { ...headers, 'webhook-timestamp': 'soon' } }, /webhook-timestamp/],
  ['too old', { now: at + 301_000 }, /too old/],
  ['from the future', { now: at - 301_000 }, /future/],
  ['no secret of a webhook', { secret: 'secret' }, /whsec_/],
])('refuses %s', async (_what, with_, why) => {
  const verified = verifyWebhook({ ...good, ...with_ });
  await expect(verified).rejects.toThrow(WebhookInvalid);
  await expect(verified).rejects.toThrow(why);
});

test('looks at the time as long as it is told to', async () => {
  expect(await verifyWebhook({ ...good, now: at + 301_000, toleranceMs: 600_000 })).toBeDefined();
});
