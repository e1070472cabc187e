import type { Readable } from 'node:stream';
import { type ErrorCode, type JsonObject, scheduleId } from '@holdfast/contracts';
import type {
  Caller,
  Operation,
  PlatformOperation,
  PlatformRequest,
  RateClass,
  TransactionStores,
} from '@holdfast/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiPorts } from '../ports.ts';
import type { AuditRule } from './audited.ts';

/** What a route answers; `taken` = it writes to the socket itself. */
export type Answer =
  | { readonly status: 204 }
  | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly status: number; readonly bytes: Uint8Array; readonly headers: Readonly<Record<string, string>> }
  /** Sent as it comes, no quicker than it is taken. */
  | {
      readonly status: number;
      readonly stream: AsyncIterable<string | Uint8Array>;
      readonly headers: Readonly<Record<string, string>>;
    }
  | 'taken';

/** A request that has passed authentication, permission and its schemas. */
export interface Ask<P, Q, B> {
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The body of a route that takes `bytes`; empty elsewhere. */
  readonly bytes: Readable;
  /**
   * Does the work in one transaction, with the caller's `Idempotency-Key` stored in it when there is one. What
   * `prepare` finds out comes before the transaction; its failure counts only when the request is no repetition. With
   * `discard` it makes what is large: a repetition that is known as one makes nothing, and what was made and is
   * not needed, since `work` refuses or somebody was quicker, is removed.
   */
  readonly once: <T>(
    prepare: () => Promise<T>,
    work: (stores: TransactionStores, prepared: T) => Promise<JsonAnswer>,
    discard?: (prepared: T) => Promise<void>,
  ) => Promise<Answer>;
  /** Does the work in one transaction, for requests whose repetition is harmless: an `Idempotency-Key` is not looked at. */
  readonly change: <A extends ChangeAnswer>(work: (stores: TransactionStores) => Promise<A>) => Promise<A>;
  /** The route has an audit line: what it does belongs into `once` or `change`, which write it. */
  readonly audited: boolean;
}

/** The same for what is above all tenants: there is nobody but the platform admin who asks, and no tenant's transaction. */
export interface PlatformAsk<P, Q, B> {
  /** For the use case, which writes the audit lines in its transaction. */
  readonly who: PlatformRequest;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
}

export type ChangeAnswer =
  | {
      readonly status: 204;
      /** For the audit line alone. */
      readonly changed?: JsonObject;
    }
  | JsonAnswer;

export interface JsonAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The run or thread that it tells of, where that is not the run of the path: a kept reply is deleted with it. */
  readonly about?: string;
}

/** Parts of the reference, in its order. */
export const tags = {
  Agents: 'Named agents, their immutable versions, and aliases that stand for versions.',
  Runs: 'One run is one execution of an agent version, with its log of events.',
  Threads: 'Conversations: runs that see what was said before them.',
  Schedules: 'Runs that are started by the clock.',
  Attention: 'What needs a person: approvals, questions, limits, unknown effects.',
  Artifacts: 'Files that runs wrote or read.',
  Tools: 'Tool servers that a tenant has registered.',
  Models: 'The models of this installation.',
  Secrets: 'Named values that tools use; never shown.',
  Webhooks: 'Receivers outside that are told of events of runs, signed.',
  Administration: 'Keys, usage, audit, retention.',
  Platform: 'Tenants, for platform admins: it takes a token of theirs; API keys do not do.',
  Login: 'People in browsers, by an OIDC issuer.',
  Health: 'For probes and collectors; open to everybody.',
} as const;
export type Tag = keyof typeof tags;

/** An answer that is no problem document. */
export interface AnswerDocument {
  readonly description: string;
  readonly json?: z.ZodType;
  /** Other media types, each with a line about what comes. */
  readonly media?: Readonly<Record<string, string>>;
  /** Headers by name, each with a line about it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A line about it, and what it looks like where that is checked. */
export type HeaderDocument = string | { readonly description: string; readonly pattern: RegExp };

/** What the API document and the reference say of a route; tests hold its answers to it. */
export interface RouteDocument {
  readonly tag: Tag;
  /** A few words, in the imperative. */
  readonly summary: string;
  readonly description?: string;
  readonly answers: Readonly<Record<number, AnswerDocument>>;
  /** Codes of its problems beside those that follow from its guard, its schemas and `idempotent`. */
  readonly refusals?: readonly ErrorCode[];
  /** It takes `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Request headers that it reads. */
  readonly headers?: Readonly<Record<string, HeaderDocument>>;
  /** The body's schema, where `body` itself checks less. */
  readonly documentedBody?: z.ZodType;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

interface AnySpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends RouteDocument {
  readonly method: Method;
  readonly url: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body may also be YAML. */
  readonly yaml?: boolean;
  /** Its body carries content: it may be 1 MiB large instead of 64 KiB. */
  readonly content?: boolean;
  /** Its body is any bytes, in any number, which the handler reads as they come. */
  readonly bytes?: boolean;
  /** What its requests count as; null = they are not counted. Left out: what follows from its method. */
  readonly rate?: RateClass | null;
}

interface RouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends AnySpec<P, Q, B> {
  /** null: open to everybody. */
  readonly operation: Operation | null;
  /** The body is that of an HTML form. */
  readonly form?: boolean;
  /** Each change leaves a line in the audit log, written in its transaction; a GET leaves one about who has read. */
  readonly audit?: AuditRule<z.output<P>, z.output<B>>;
  /**
   * What the change is about, as its GET shows it; null = there is none. Asked before and after the change, inside its
   * transaction, for the hashes in the audit line.
   */
  readonly resource?: Resource<z.output<P>>;
  readonly handle: (ports: ApiPorts, ask: Ask<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Answer>;
}

interface PlatformRouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends AnySpec<
  P,
  Q,
  B
> {
  readonly operation: PlatformOperation;
  /** Reading it leaves a line in the platform's log, one a minute for the same reader. */
  readonly watched?: boolean;
  /** It stands before pages: a browser that nobody is logged in at is sent to the login, where others are told 401. */
  readonly page?: boolean;
  readonly handle: (ports: ApiPorts, ask: PlatformAsk<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Answer>;
}

export type Resource<P> = (stores: TransactionStores, caller: Caller, params: P, ports: ApiPorts) => Promise<unknown>;

/** A route with its types forgotten, as the list of routes holds it. */
interface AnyRoute extends RouteDocument {
  readonly method: Method;
  readonly url: string;
  readonly yaml: boolean;
  readonly bytes?: boolean;
  readonly content?: boolean;
  readonly rate?: RateClass | null;
  readonly form: boolean;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType;
}

/** Inside one tenant, or open to everybody. */
export interface TenantRoute extends AnyRoute {
  readonly within: 'tenant';
  readonly operation: Operation | null;
  readonly audit?: AuditRule<unknown, unknown>;
  readonly resource?: Resource<unknown>;
  readonly handle: (ports: ApiPorts, ask: Ask<unknown, unknown, unknown>) => Promise<Answer>;
}

/** Above all tenants. */
export interface PlatformRoute extends AnyRoute {
  readonly within: 'platform';
  readonly operation: PlatformOperation;
  readonly watched: boolean;
  readonly page: boolean;
  readonly handle: (ports: ApiPorts, ask: PlatformAsk<unknown, unknown, unknown>) => Promise<Answer>;
}

export type Route = TenantRoute | PlatformRoute;

/** The schemas have checked what handler, audit and resource are given, so forgetting their types is safe. */
export const route = <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>({
  audit,
  resource,
  ...spec
}: RouteSpec<P, Q, B>): TenantRoute => ({
  ...spec,
  within: 'tenant',
  yaml: spec.yaml ?? false,
  form: spec.form ?? false,
  ...(audit === undefined ? {} : { audit: audit as AuditRule<unknown, unknown> }),
  ...(resource === undefined ? {} : { resource: resource as Resource<unknown> }),
  handle: spec.handle as TenantRoute['handle'],
});

/** As `route`. Its handler is given a platform admin and no caller, so that it cannot ask as a tenant. */
export const platformRoute = <P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>({
  watched = false,
  page = false,
  ...spec
}: PlatformRouteSpec<P, Q, B>): PlatformRoute => ({
  ...spec,
  within: 'platform',
  yaml: spec.yaml ?? false,
  form: false,
  watched,
  page,
  handle: spec.handle as PlatformRoute['handle'],
});

/** Schemas of routes that take nothing there. */
export const nothing = z.strictObject({});
export const noBody = z.undefined({ error: 'this request has no body' });

export const runParams = z.strictObject({ run: z.uuid().transform((id) => id.toLowerCase()) });
export const uploadParams = z.strictObject({ upload: z.uuid().transform((id) => id.toLowerCase()) });
export const bulkParams = z.strictObject({ bulk: z.uuid().transform((id) => id.toLowerCase()) });
export const scheduleParams = z.strictObject({ schedule: scheduleId });
export const threadParams = z.strictObject({ thread: z.uuid().transform((id) => id.toLowerCase()) });
