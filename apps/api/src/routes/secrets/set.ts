import { withinQuota } from '@holdfast/core';
import { secretName, secretResource as secret, setSecretBody } from '@holdfast/contracts';
import { z } from 'zod';
import { etagOf, expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { stale } from '../../http/etag.ts';
import { nothing, route } from '../../http/route.ts';
import { secretResource } from '../../resources/secret.ts';
import { secretNow } from './secret-now.ts';

/** An `Idempotency-Key` is not needed and not stored: its row would hold a hash of the value. */
export const setSecret = route({
  method: 'PUT',
  url: '/v1/secrets/:name',
  operation: 'secrets.set',
  content: true,
  params: z.strictObject({ name: secretName }),
  query: nothing,
  body: setSecretBody,
  tag: 'Secrets',
  summary: 'Set a secret',
  description:
    'Makes it, or gives it a new value; calls of tools from then on use it. Tools name it as `secret://<name>`. The value is never shown.',
  headers: { 'If-Match': ifMatch },
  answers: {
    200: { description: 'All but the value.', json: secret, headers: { ETag: 'Its version, in quotes.' } },
  },
  refusals: ['invalid_request', 'etag_mismatch', 'quota_exceeded', 'secrets_unavailable'],
  resource: secretNow,
  audit: ({ answer }) => ({ detail: { version: secret.parse(answer.json).version } }),
  handle: ({ cipher, quotas }, { caller, params: { name }, body, request, change }) => {
    const { tenant } = caller;
    const expected = expectedVersion(request);
    return change(async (stores) => {
      const seal = (version: number) => cipher.seal({ tenant, name, version }, body.value);
      const set = await withinQuota(stores, quotas, caller, 'secrets', () =>
        stores.secrets.put(caller, name, expected, seal),
      );
      if (set === null) throw stale(`The secret ${name}`);
      return { status: 200, json: secretResource(set), headers: { etag: etagOf(set.version) } };
    });
  },
});
