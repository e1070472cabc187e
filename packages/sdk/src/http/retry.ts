import { ConnectionFailed, HoldfastError } from '../errors.ts';

export interface RetryPolicy {
  /** At most, the first one counted. */
  readonly attempts: number;
  /** ms before the second attempt; doubled for each further one. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** A server that asks for a longer wait is not waited for. */
  readonly longestAskedMs: number;
}

export const standardRetries: RetryPolicy = { attempts: 5, firstMs: 250, maxMs: 8_000, longestAskedMs: 30_000 };

/** The server did nothing, and says so. */
const undone = new Set(['run_busy', 'idempotency_in_flight']);

/**
 * ms until the next attempt; null: the failure is final. What may have been done is sent again only when it is
 * `repeatable`. `random`: 0 to 1.
 */
export function retryIn(
  failure: unknown,
  attempt: number,
  repeatable: boolean,
  policy: RetryPolicy,
  random: number,
): number | null {
  if (attempt >= policy.attempts) return null;
  const asked = askedFor(failure, repeatable);
  if (asked === null || asked > policy.longestAskedMs) return null;
  return Math.max(asked, backoff(attempt, policy, random));
}

/** Half of it is left to chance, so that many clients do not come back at once. */
export const backoff = (attempt: number, { firstMs, maxMs }: RetryPolicy, random: number): number =>
  Math.min(firstMs * 2 ** (attempt - 1), maxMs) * (0.5 + random / 2);

/** ms the server asks for, 0 when it does not say; null: not to be tried again. */
function askedFor(failure: unknown, repeatable: boolean): number | null {
  if (failure instanceof ConnectionFailed) return repeatable ? 0 : null;
  if (!(failure instanceof HoldfastError)) return null;
  const asked = failure.retryAfterMs ?? 0;
  if (failure.status === 429 || undone.has(failure.code)) return asked;
  return repeatable && ([502, 503, 504].includes(failure.status) || isOfAnEdge(failure)) ? asked : null;
}

/** No answer of Holdfast: Traefik says 404 until it has read what to publish, and 500 while the API is away. */
const isOfAnEdge = ({ code, status }: HoldfastError): boolean =>
  code === 'unexpected_answer' && (status === 404 || status === 500);

/** Ends at once, by the signal's reason, when it aborts. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
