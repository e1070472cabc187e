import { keyResource } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { noBody, nothing, route } from '../../http/route.ts';
import { keyResourceOf } from '../../resources/api-key.ts';
import { keyParams } from './new-key.ts';

export const get = route({
  method: 'GET',
  url: '/v1/api-keys/:key',
  operation: 'api-keys.get',
  params: keyParams,
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Get an API key',
  answers: { 200: { description: 'All but its text.', json: keyResource } },
  refusals: ['key_not_found'],
  audit: true,
  handle: async ({ keys }, { caller, params: { key } }) => {
    const found = await keys.find(caller, key);
    if (found === null) throw refused('key_not_found', `There is no API key ${key}.`);
    return { status: 200, json: keyResourceOf(found) };
  },
});
