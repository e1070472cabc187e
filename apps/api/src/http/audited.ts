import type { JsonObject } from '@holdfast/contracts';
import type { AuditEntry, Caller, TransactionStores } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { JsonAnswer, Route } from './route.ts';

/** What a change is about, for its audit line. */
export interface Changed<P, B> {
  readonly params: P;
  readonly body: B;
  readonly answer: JsonAnswer;
  /** What the handler tells of an answer without a body. */
  readonly changed: JsonObject;
}

/** What an audit line says beside operation, caller and request. */
export interface AuditFacts {
  /** Path of what was changed, where it is not the path of the request. */
  readonly target?: string;
  /** No secrets, no payloads. */
  readonly detail?: JsonObject;
}

/** `true`: there is nothing to add. null: nothing was changed after all. */
export type AuditRule<P, B> = true | ((changed: Changed<P, B>) => AuditFacts | null);

/** The audit line of a request that has made its change; null when there is none to write. */
export function auditEntry(
  route: Pick<Route, 'audit' | 'operation'>,
  caller: Caller,
  request: FastifyRequest,
  changed: Changed<unknown, unknown>,
): AuditEntry | null {
  const { audit, operation } = route;
  if (audit === undefined || operation === null) return null;
  const facts = audit === true ? {} : audit(changed);
  if (facts === null) return null;
  const { target = request.url.split('?')[0] ?? '', detail = {} } = facts;
  return { operation, target, by: caller.by, requestId: request.id, detail };
}

/** The last thing in the transaction of the change. */
export async function writeAudit(stores: TransactionStores, caller: Caller, entry: AuditEntry | null): Promise<void> {
  if (entry !== null) await stores.audit.write(caller, entry);
}
