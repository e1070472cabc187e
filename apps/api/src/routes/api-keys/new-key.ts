import { keyResource, newKeyResource } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuditFacts } from '../../http/audited.ts';
import type { AnswerDocument, JsonAnswer, Resource } from '../../http/route.ts';
import { keyResourceOf } from '../../resources/api-key.ts';

export const keyParams = z.strictObject({ key: z.uuid().transform((id) => id.toLowerCase()) });

export const newKeyAnswer: AnswerDocument = {
  description: 'The key; its text is shown this once.',
  json: newKeyResource,
};

/** What was made, without its text. */
export function keyFacts({ answer }: { readonly answer: JsonAnswer }): AuditFacts {
  const after = keyResource.parse(answer.json);
  const { id, name, roles, expires_at, previous_until } = after;
  return { target: `/v1/api-keys/${id}`, detail: { name, roles, expires_at, previous_until }, after };
}

/** The answer would have to be stored for its repetition, and it holds the key. */
export function refuseIdempotencyKey({ headers }: FastifyRequest): void {
  if (headers['idempotency-key'] === undefined) return;
  throw refused(
    'invalid_request',
    'Idempotency-Key is not taken here: its answer would be stored, and a key is stored nowhere. If an answer was lost, revoke that key and make another.',
    [{ path: 'Idempotency-Key', message: 'must be left out' }],
  );
}

/** The key as it stands, without its text, for its audit line. */
export const keyNow: Resource<{ readonly key: string }> = async ({ keys }, caller, { key }) => {
  const found = await keys.find(caller, key);
  return found && keyResourceOf(found);
};
