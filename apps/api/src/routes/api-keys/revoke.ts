import { refused } from '@holdfast/core';
import { noBody, nothing, route } from '../../http/route.ts';
import { keyParams, keyNow } from './new-key.ts';

export const revoke = route({
  method: 'DELETE',
  url: '/v1/api-keys/:key',
  operation: 'api-keys.revoke',
  params: keyParams,
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Revoke an API key',
  description: 'The next request with it is refused; streams that it opened end within 5 s.',
  answers: { 204: { description: 'It is revoked.' } },
  refusals: ['key_not_found', 'last_admin_key'],
  resource: keyNow,
  audit: true,
  handle: ({ clock }, { caller, params: { key }, change }) =>
    change(async ({ keys }) => {
      const outcome = await keys.revoke(caller, key, clock.now());
      if (outcome === 'missing') throw refused('key_not_found', `There is no API key ${key}.`);
      if (outcome === 'last-admin')
        throw refused('last_admin_key', 'No other admin key is good. Make another one first, then revoke this one.');
      return { status: 204 };
    }),
});
