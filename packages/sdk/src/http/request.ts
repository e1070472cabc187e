import type { z } from 'zod';
import type { Query } from './path.ts';

export interface CallOptions {
  /** Ends the wait, not what the server has begun. */
  readonly signal?: AbortSignal | undefined;
}

export interface CreateOptions extends CallOptions {
  /** The same key within 24 hours gives the first answer again. Made for each call when left out. */
  readonly idempotencyKey?: string | undefined;
}

export interface ChangeOptions extends CallOptions {
  /** The ETag of what was read: changes nothing, with `etag_mismatch`, when somebody has changed it since. */
  readonly ifMatch?: string | undefined;
}

export interface JsonText {
  readonly type: 'application/json' | 'application/yaml';
  readonly text: string;
}

/** One call of the API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: JsonText;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Doing it twice is like doing it once, so that it may be sent again when nobody answered. */
  readonly repeatable: boolean;
  /** ms for one attempt, where it may take longer than others. */
  readonly timeoutMs?: number | undefined;
  /** Statuses from 400 on whose body is an answer too. */
  readonly alsoOk?: readonly number[];
}

export interface JsonRequest<S extends z.ZodType> extends ApiRequest {
  readonly answer: S;
}

/** ms for what reads or copies large files before it answers. */
export const FILES_MS = 15 * 60_000;

export const jsonBody = (value: unknown): { readonly body: JsonText } => ({
  body: { type: 'application/json', text: JSON.stringify(value) },
});

/** 128 random bits. Not `randomUUID`, which browsers have on secure pages only. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
