import type { Caller, Operation, TransactionStores } from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiPorts } from '../ports.ts';

/** What a route answers; `taken` = it writes to the socket itself. */
export type Answer =
  | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly status: number; readonly bytes: Uint8Array; readonly headers: Readonly<Record<string, string>> }
  | 'taken';

/** A request that has passed authentication, permission and its schemas. */
export interface Ask<P, Q, B> {
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /**
   * Does the work in one transaction, with the caller's `Idempotency-Key` stored in it when there is one. What
   * `prepare` finds out comes before the transaction; its failure counts only when the request is no repetition.
   */
  readonly once: <T>(
    prepare: () => Promise<T>,
    work: (stores: TransactionStores, prepared: T) => Promise<JsonAnswer>,
  ) => Promise<Answer>;
}

export interface JsonAnswer {
  readonly status: number;
  readonly json: unknown;
}

interface RouteSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  /** null: open to everybody. */
  readonly operation: Operation | null;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body may also be YAML. */
  readonly yaml?: boolean;
  readonly handle: (ports: ApiPorts, ask: Ask<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Answer>;
}

/** A route with its types forgotten, as the list of routes holds it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly operation: Operation | null;
  readonly yaml: boolean;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  readonly handle: (ports: ApiPorts, ask: Ask<unknown, unknown, unknown>) => Promise<Answer>;
}

/** The schemas have checked what the handler is given, so forgetting its types is safe. */
export const route = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  spec: RouteSpec<P, Q, B>,
): Route => ({
  ...spec,
  yaml: spec.yaml ?? false,
  handle: spec.handle as Route['handle'],
});

/** Schemas of routes that take nothing there. */
export const nothing = z.strictObject({});
export const noBody = z.undefined({ error: 'this request has no body' });

export const runParams = z.strictObject({ run: z.uuid().transform((id) => id.toLowerCase()) });
