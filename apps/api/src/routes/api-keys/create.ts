import { createKeyBody } from '@holdfast/contracts';
import { mayGive, newKey, refused, withinQuota } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { keyResourceOf } from '../../resources/api-key.ts';
import { keyFacts, newKeyAnswer, refuseIdempotencyKey } from './new-key.ts';

export const createKey = route({
  method: 'POST',
  url: '/v1/api-keys',
  operation: 'api-keys.create',
  params: nothing,
  query: nothing,
  body: createKeyBody,
  tag: 'Administration',
  summary: 'Make an API key',
  description:
    'Its text is in this answer and nowhere else: only a hash is kept. An `Idempotency-Key` is refused, since the answer would be stored.',
  answers: { 201: newKeyAnswer },
  refusals: ['invalid_request', 'quota_exceeded'],
  audit: keyFacts,
  handle: ({ clock, quotas }, { caller, body, request, change }) => {
    refuseIdempotencyKey(request);
    const { name, roles, expires_in, member } = body;
    if (!mayGive(caller.by.roles, roles))
      throw refused(
        'forbidden',
        `Your key's roles (${caller.by.roles.join(', ')}) do not include ${roles.join(', ')}.`,
      );
    const expiresAt = expires_in === undefined ? null : clock.now() + expires_in;
    const { stored, text } = newKey(caller.tenant, name, [...new Set(roles)], expiresAt);
    return change(async (stores) => {
      if (member !== undefined && !(await stores.keys.hasMember(caller, member)))
        throw refused('validation_failed', `There is no member ${member}.`, [
          { path: '/member', message: 'no such member' },
        ]);
      const added = await withinQuota(stores, quotas, caller, 'keys', () =>
        stores.keys.add(caller, { ...stored, member }),
      );
      return { status: 201, json: { ...keyResourceOf(added), key: text } };
    });
  },
});
