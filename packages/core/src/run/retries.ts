import type { BodyOf, Retries } from '@holdfast/contracts';

/** Delay before the attempt that follows `burned` failed ones, ms. No jitter: the log alone decides. */
export const backoff = (policy: Retries, burned: number): number =>
  Math.round(Math.min(policy.max, policy.first * policy.factor ** Math.max(0, burned - 1)));

interface Failed {
  readonly id: string;
  readonly attempt: number;
  readonly burned: number;
}

/**
 * The attempt after a failed one, or nothing when the policy is exhausted: then the call waits for a person.
 * A crash counts as an attempt but needs no delay: `delayMs` 0.
 */
export function nextAttempt(
  call: Failed,
  policy: Retries,
  at: number,
  reason: string,
  delayMs?: number,
): BodyOf<'attempt.scheduled'>[] {
  const burned = call.burned + 1;
  if (burned >= policy.attempts) return [];
  const after = delayMs ?? backoff(policy, burned);
  return [
    {
      type: 'attempt.scheduled',
      data: { call: call.id, attempt: call.attempt + 1, at: at + after, reason, burns: true },
    },
  ];
}
