import { keyResource, newKeyResource } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AuditFacts } from '../../http/audited.ts';
import type { AnswerDocument, JsonAnswer } from '../../http/route.ts';

export const keyParams = z.strictObject({ key: z.uuid().transform((id) => id.toLowerCase()) });

export const newKeyAnswer: AnswerDocument = {
  description: 'The key; its text is shown this once.',
  json: newKeyResource,
};

/** What was made, without its text. */
export function keyFacts({ answer }: { readonly answer: JsonAnswer }): AuditFacts {
  const { id, name, roles, expires_at, previous_until } = keyResource.parse(answer.json);
  return { target: `/v1/api-keys/${id}`, detail: { name, roles, expires_at, previous_until } };
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
