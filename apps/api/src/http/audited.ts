import type { JsonObject } from '@holdfast/contracts';
import {
  type AuditEntry,
  type AuditSource,
  type Caller,
  hashOf,
  LeastRecentlyUsed,
  type TransactionStores,
} from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { ApiPorts } from '../ports.ts';
import type { ChangeAnswer, JsonAnswer, Route } from './route.ts';

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
  /** What was made, as its GET shows it, where `resource` of the route does not find it. */
  readonly after?: unknown;
}

/** `true`: there is nothing to add. null: nothing was changed after all. */
export type AuditRule<P, B> = true | ((changed: Changed<P, B>) => AuditFacts | null);

/** A request that has passed its schemas. */
interface Asked {
  readonly params: unknown;
  readonly body: unknown;
}

/**
 * Does the work of a change and, as the last thing in its transaction, writes its audit line: with the hashes of what
 * the resource was before and is after.
 */
export async function audited<A extends ChangeAnswer>(
  ports: ApiPorts,
  route: Route,
  caller: Caller,
  request: FastifyRequest,
  { params, body }: Asked,
  stores: TransactionStores,
  work: () => Promise<A>,
): Promise<A> {
  const { audit, operation, resource } = route;
  if (audit === undefined || operation === null) return work();
  const now = async (): Promise<unknown> => (await resource?.(stores, caller, params, ports)) ?? null;
  const before = await now();
  const answer = await work();
  const changed = ('changed' in answer ? answer.changed : null) ?? {};
  const json = 'json' in answer ? answer : { status: answer.status, json: null };
  const facts = audit === true ? {} : audit({ params, body, answer: json, changed });
  if (facts === null) return answer;
  await stores.audit.write(caller, {
    ...about(operation, caller, request),
    ...(facts.target === undefined ? {} : { target: facts.target }),
    before: hashOrNull(before),
    after: hashOrNull(facts.after ?? (await now())),
    detail: facts.detail ?? {},
  });
  return answer;
}

const hashOrNull = (value: unknown): string | null => (value === null ? null : hashOf(value));

/** One line for the same read, or the same refusal, within this time: who polls does not fill the log. */
const NOTED_MS = 60_000;
const MOST_NOTED = 10_000;

/** Lines about what changes nothing: reads that are watched, and what somebody may not do. */
export class Watch {
  readonly #noted = new LeastRecentlyUsed<number>(MOST_NOTED);
  readonly #ports: Pick<ApiPorts, 'transactions' | 'clock'>;

  constructor(ports: Pick<ApiPorts, 'transactions' | 'clock'>) {
    this.#ports = ports;
  }

  /** Before the answer goes out: nobody reads without a line. `code`: why it was refused; null = it was not. */
  async note(
    operation: NonNullable<Route['operation']>,
    caller: Caller,
    request: FastifyRequest,
    code: string | null,
  ): Promise<void> {
    const entry: AuditEntry = {
      ...about(operation, caller, request),
      outcome: code === null ? 'done' : 'refused',
      detail: code === null ? {} : { code },
    };
    const key = JSON.stringify([caller.tenant, caller.by.id, operation, entry.target, entry.from?.address, code]);
    const now = this.#ports.clock.now();
    if (now - (this.#noted.get(key) ?? Number.NEGATIVE_INFINITY) < NOTED_MS) return;
    await this.#ports.transactions.run(caller, ({ audit }) => audit.write(caller, entry));
    this.#noted.set(key, now);
  }
}

const about = (operation: string, caller: Caller, request: FastifyRequest): Omit<AuditEntry, 'detail'> => ({
  operation,
  // A path that Node accepts has no line break.
  target: request.url.split('?')[0] ?? '',
  by: caller.by,
  name: caller.name,
  from: sourceOf(request),
  requestId: request.id,
});

const MOST_OF_AGENT = 200;

/** By `X-Forwarded-For` only as far as TRUSTED_PROXIES have written it. */
const sourceOf = ({ ip, headers }: FastifyRequest): AuditSource => ({
  address: ip,
  agent: headers['user-agent']?.slice(0, MOST_OF_AGENT) ?? null,
});
