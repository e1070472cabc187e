import { rotateKeyBody } from '@holdfast/contracts';
import { rotateKey } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { keyResourceOf } from '../../resources/api-key.ts';
import { keyFacts, keyParams, newKeyAnswer, refuseIdempotencyKey, keyNow } from './new-key.ts';

export const rotate = route({
  method: 'POST',
  url: '/v1/api-keys/:key/rotate',
  operation: 'api-keys.rotate',
  params: keyParams,
  query: nothing,
  body: rotateKeyBody,
  tag: 'Administration',
  summary: 'Give an API key a new secret',
  description:
    'The old one is good for `overlap` more, 24 h when left out. An `Idempotency-Key` is refused, since the answer would be stored.',
  answers: { 200: newKeyAnswer },
  refusals: ['invalid_request', 'key_not_found', 'key_ended'],
  resource: keyNow,
  audit: keyFacts,
  handle: ({ clock }, { caller, params: { key }, body, request, change }) => {
    refuseIdempotencyKey(request);
    const { overlap: overlapMs, expires_in: expiresInMs = null } = body;
    return change(async ({ keys }) => {
      const rotated = await rotateKey(keys, caller, key, { overlapMs, expiresInMs, now: clock.now() });
      return { status: 200, json: { ...keyResourceOf(rotated.key), key: rotated.text } };
    });
  },
});
