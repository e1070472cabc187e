import { secretName } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { stale } from '../../http/etag.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { secretNow } from './secret-now.ts';

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
  resource: secretNow,
  audit: true,
  handle: (_ports, { caller, params: { name }, request, change }) => {
    const expected = expectedVersion(request);
    return change(async ({ secrets }) => {
      const outcome = await secrets.delete(caller, name, expected);
      if (outcome === 'missing') throw refused('secret_not_found', `There is no secret ${name}.`);
      if (outcome === 'mismatch') throw stale(`The secret ${name}`);
      return { status: 204 };
    });
  },
});
