import { type Caller, hashOf, refused, type Reply, type TransactionStores } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import type { Answer, HeaderDocument, JsonAnswer } from './route.ts';

/** Printable ASCII, as every HTTP library can send it. */
const keyPattern = /^[\x21-\x7E]{1,255}$/;

/** For the reference. */
export const idempotencyKey: HeaderDocument = {
  description: 'A repeat with the same key within 24 h gets the first answer again.',
  pattern: keyPattern,
};

/** @throws HoldfastError `invalid_request`, `idempotency_mismatch`, `idempotency_in_flight`. */
export async function once<T>(
  ports: ApiPorts,
  caller: Caller,
  request: FastifyRequest,
  prepare: () => Promise<T>,
  work: (stores: TransactionStores, prepared: T) => Promise<JsonAnswer>,
): Promise<Answer> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) {
    const prepared = await prepare();
    return ports.transactions.run(caller, (stores) => work(stores, prepared));
  }
  if (typeof key !== 'string' || !keyPattern.test(key))
    throw refused('invalid_request', 'Idempotency-Key is 1 to 255 printable ASCII characters, given once.');
  // A repetition gets the first answer even when the same request could not be prepared any more.
  const prepared = await prepare().then(
    (value) => ({ value }) as const,
    (error: unknown) => ({ error }) as const,
  );
  const { params, query, body } = request;
  const asked = {
    key,
    principal: caller.by.id,
    route: `${request.method} ${request.routeOptions.url ?? request.url}`,
    bodyHash: hashOf({ params, query, body: body ?? null }),
  };
  const outcome = await ports.transactions.once(caller, asked, async (stores): Promise<Reply> => {
    if ('error' in prepared) throw prepared.error;
    const { status, json, about } = await work(stores, prepared.value);
    return { status, body: JSON.stringify(json), about: about ?? runOf(params) };
  });
  switch (outcome.type) {
    case 'first':
    case 'repeated':
      return {
        status: outcome.reply.status,
        text: outcome.reply.body,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          ...(outcome.type === 'repeated' ? { 'idempotent-replayed': 'true' } : {}),
        },
      };
    case 'mismatch':
      throw refused('idempotency_mismatch', 'This Idempotency-Key was used with another request; use a new one.');
    case 'in-flight':
      throw refused('idempotency_in_flight', 'The first request with this Idempotency-Key has not ended; try again.');
  }
}

/** The run of the path, which was checked before. */
const runOf = (params: unknown): string | null =>
  typeof params === 'object' && params !== null && 'run' in params && typeof params.run === 'string'
    ? params.run
    : null;
