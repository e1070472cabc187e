import { type Append, DatabaseUnavailable, type RunStore } from '../log/run-store.ts';

export type Committed =
  | { readonly type: 'accepted' }
  /** Events of others came first: fold them, and append again. */
  | { readonly type: 'refused' }
  | { readonly type: 'went-back'; readonly found: number }
  | { readonly type: 'not-yours' };

/** First and longest pause between tries while the database is away, ms. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * One append, through lost answers and a database that is away. What is appended again bears the same id, so a commit
 * whose answer was lost is recognised and never written twice.
 * @throws DatabaseUnavailable when the database stays away longer than `patienceMs`.
 */
export async function commit(
  runs: RunStore,
  append: Append,
  patienceMs: number,
  monotonic: () => number,
): Promise<Committed> {
  const giveUpAt = monotonic() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      const outcome = await runs.append(append);
      if (outcome.type === 'accepted') return outcome;
      if (outcome.type === 'refused') return await refusedOrMine(runs, append, outcome.head);
      if (outcome.type === 'not-yours') return await refusedOrMine(runs, append, append.expected, outcome);
      if (outcome.type === 'missing') return { type: 'not-yours' };
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable) || monotonic() + pause > giveUpAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function refusedOrMine(
  runs: RunStore,
  append: Append,
  head: number,
  otherwise: Committed = { type: 'refused' },
): Promise<Committed> {
  if (head < append.expected) return { type: 'went-back', found: head };
  const [first] = await runs.eventsAfter(append, append.expected, 1);
  return first?.appendId === append.id ? { type: 'accepted' } : otherwise;
}
