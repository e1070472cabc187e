import { ArtifactsUnavailable } from '../log/artifact-store.ts';
import { DatabaseUnavailable } from '../log/run-store.ts';

/** First and longest pause between tries while the database or the artifacts' store is away, ms. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface Patience {
  /** How long results are kept and tried again while the database or the artifacts' store is away, ms. */
  readonly patienceMs: number;
  readonly clock: { monotonic(): number };
}

/**
 * Asks again until there is an answer; null = not yet.
 * @throws DatabaseUnavailable when the database stays away, or gives no answer, longer than the patience lasts;
 * ArtifactsUnavailable when the store does.
 */
export async function patiently<T>({ patienceMs, clock }: Patience, ask: () => Promise<T | null>): Promise<T> {
  const giveUpAt = clock.monotonic() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    let reason: Error | null = null;
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      if (!isAway(error)) throw error;
      reason = error;
    }
    if (clock.monotonic() + pause > giveUpAt)
      throw reason ?? new DatabaseUnavailable(`no answer within ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Something outside is gone, and comes back. */
export const isAway = (error: unknown): error is DatabaseUnavailable | ArtifactsUnavailable =>
  error instanceof DatabaseUnavailable || error instanceof ArtifactsUnavailable;
