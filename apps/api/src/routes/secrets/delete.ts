import { secretName } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { changedInBetween, expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { noBody, nothing, route } from '../../http/route.ts';

export const deleteSecret = route({
  method: 'DELETE',
  url: '/v1/secrets/:name',
  operation: 'secrets.delete',
  params: z.strictObject({ name: secretName }),
  query: nothing,
  body: noBody,
  tag: 'Secrets',
  summary: 'Delete a secret',
  description: 'Calls of tools that name it are not sent from then on.',
  headers: { 'If-Match': ifMatch },
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['invalid_request', 'secret_not_found', 'etag_mismatch'],
  handle: async ({ transactions }, { caller, params: { name }, request }) => {
    const expected = expectedVersion(request);
    const outcome = await transactions.run(caller, ({ secrets }) => secrets.delete(caller, name, expected));
    if (outcome === 'missing') throw refused('secret_not_found', `There is no secret ${name}.`);
    if (outcome === 'mismatch') throw changedInBetween(`The secret ${name}`);
    return { status: 204 };
  },
});
