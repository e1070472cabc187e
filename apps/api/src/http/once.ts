import { HoldfastError } from '@holdfast/contracts';
import {
  type Caller,
  hashOf,
  type IdempotentReply,
  type IdempotentRequest,
  refused,
  type Reply,
  type TransactionStores,
} from '@holdfast/core';
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

interface Once<T> {
  readonly prepare: () => Promise<T>;
  readonly work: (stores: TransactionStores, prepared: T) => Promise<JsonAnswer>;
  /** Removes what `prepare` made; not given where that is nothing. */
  readonly discard: ((prepared: T) => Promise<void>) | undefined;
}

/** @throws HoldfastError `invalid_request`, `idempotency_mismatch`, `idempotency_in_flight`. */
export async function once<T>(
  ports: ApiPorts,
  caller: Caller,
  request: FastifyRequest,
  { prepare, work, discard }: Once<T>,
): Promise<Answer> {
  const asked = askedOnce(caller, request);
  // Whoever prepares little is spared this look: the transaction finds a repetition, too.
  const kept = asked === null || discard === undefined ? null : await ports.transactions.kept(caller, asked);
  if (kept !== null) return answerOf(kept);
  // A repetition gets the first answer even when the same request could not be prepared any more.
  const prepared = await prepare().then(
    (value) => ({ value }) as const,
    (error: unknown) => ({ error }) as const,
  );
  const remove = async (): Promise<void> => {
    if (discard === undefined || 'error' in prepared) return;
    await discard(prepared.value).catch((error: unknown) =>
      ports.log.warn({ err: error, request_id: request.id }, 'files that no run has are left to the sweep for strays'),
    );
  };
  try {
    if (asked === null) {
      if ('error' in prepared) throw prepared.error;
      return await ports.transactions.run(caller, (stores) => work(stores, prepared.value));
    }
    const outcome = await ports.transactions.once(caller, asked, async (stores): Promise<Reply> => {
      if ('error' in prepared) throw prepared.error;
      const { status, json, about } = await work(stores, prepared.value);
      return { status, body: JSON.stringify(json), about: about ?? runOf(request.params) };
    });
    if (outcome.type === 'repeated') await remove();
    return answerOf(outcome);
  } catch (error) {
    // After any other failure it may have been committed, unseen.
    if (error instanceof HoldfastError) await remove();
    throw error;
  }
}

/** null without an Idempotency-Key. */
function askedOnce(caller: Caller, request: FastifyRequest): IdempotentRequest | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !keyPattern.test(key))
    throw refused('invalid_request', 'Idempotency-Key is 1 to 255 printable ASCII characters, given once.');
  const { params, query, body } = request;
  return {
    key,
    principal: caller.by.id,
    route: `${request.method} ${request.routeOptions.url ?? request.url}`,
    bodyHash: hashOf({ params, query, body: body ?? null }),
  };
}

function answerOf(outcome: IdempotentReply): Answer {
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
