import type { ModelOutcome } from '@holdfast/core';
import { z } from 'zod';

export type Failure = Extract<ModelOutcome, { type: 'failed' }>;

/** Trying again would not help: the request is wrong, the key is, or there is no such model. */
const permanent = new Set([400, 401, 403, 404, 405, 410, 411, 413, 414, 415, 422, 501]);

/** Nothing of the request has left: the name, the address, or the certificate. */
const notSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|UND_ERR_CONNECT_TIMEOUT|CERT_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*|ERR_TLS_CERT_.*|ERR_SSL_.*)$/;

const tooLong =
  /context.?(length|window|size)|maximum context|prompt is too long|too many tokens|exceed_context_size|input is too long/i;

const MOST_SHOWN = 500;

/** What a server answered instead of a stream. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly header: (name: string) => string | undefined;
}

/** @param now ms since 1970, for a `Retry-After` that is a date */
export function refusalFailure({ status, body, header }: Refusal, now: number): Failure {
  const said = `the model server answered ${status}: ${wordsOf(body)}`;
  if (status >= 300 && status < 400)
    return failed('permanent', `the model server redirects (${status}): its base_url must be where it redirects to`);
  if (status === 429) {
    const retryAfterMs = retryAfter(header, now);
    return { ...failed('rate-limited', said), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (permanent.has(status)) return failed('permanent', tooLong.test(body) ? contextExceeded(said) : said);
  return failed('transient', said);
}

/** An error that came as a part of the stream, after the server had begun to answer. */
export function streamFailure(error: unknown): Failure {
  const parsed = serverError.safeParse(error);
  if (!parsed.success) return failed('transient', `the answer was cut or cannot be read: ${messageOf(error)}`);
  const { message, code } = parsed.data;
  const words = shortened(message);
  if (tooLong.test(`${message} ${parsed.data.type ?? ''}`)) return failed('permanent', contextExceeded(words));
  const status = Number(code);
  return failed(permanent.has(status) ? 'permanent' : 'transient', `the model server broke off: ${words}`);
}

/** The connection could not be made, or broke. */
export function connectionFailure(error: unknown): Failure {
  const codes = codesOf(error);
  // Messages of the system name addresses inside the installation, and failures are shown to tenants.
  const words = codes.length > 0 ? codes.join(', ') : messageOf(error);
  return codes.some((code) => notSent.test(code))
    ? failed('not-sent', `the model server cannot be reached: ${words}`)
    : failed('transient', `the answer was cut: ${words}`);
}

const serverError = z.object({
  message: z.string(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
});

const failed = (kind: Failure['class'], message: string): Failure => ({ type: 'failed', class: kind, message });

const contextExceeded = (words: string): string =>
  `the prompt and the answer are longer than the model's context: ${words}; lower context.max_tokens of the agent, or give the model's server a larger context`;

/** The words of an error body, whatever its form; else its beginning. */
function wordsOf(body: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return shortened(body.trim() || 'nothing');
  }
  const { data } = errorBody.safeParse(parsed);
  if (data === undefined) return shortened(body);
  return shortened(typeof data === 'string' ? data : data.message);
}

const errorBody = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }),
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
]);

/** ms; undefined = not said. */
function retryAfter(header: Refusal['header'], now: number): number | undefined {
  const ms = header('retry-after-ms');
  if (ms !== undefined && /^\d+(\.\d+)?$/.test(ms)) return Math.ceil(Number(ms));
  const given = header('retry-after');
  if (given === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(given)) return Math.ceil(Number(given) * 1_000);
  const date = Date.parse(given);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The codes of an error and of what caused it, outermost first. */
export function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < 8; depth += 1) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code);
    // Of a host with several addresses, none of which answered.
    at = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined);
  }
  return codes;
}

const messageOf = (error: unknown): string => shortened(error instanceof Error ? error.message : JSON.stringify(error));

const shortened = (words: string): string => (words.length > MOST_SHOWN ? `${words.slice(0, MOST_SHOWN)}…` : words);
