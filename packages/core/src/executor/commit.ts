import type { Append, RunStore } from '../log/run-store.ts';
import { patiently, type Patience } from './patiently.ts';

export type Committed =
  | { readonly type: 'accepted' }
  /** Events of others came first: fold them, and append again. */
  | { readonly type: 'refused' }
  | { readonly type: 'went-back'; readonly found: number }
  /** What it was to take of budgets is not there any more, or is there again: ask anew. */
  | { readonly type: 'budgets-moved' }
  | { readonly type: 'not-yours' };

/**
 * One append, through lost answers and a database that is away. What is appended again bears the same id, so a commit
 * whose answer was lost is recognised and never written twice.
 * @throws DatabaseUnavailable when the database stays away, or the row busy, longer than the patience lasts.
 */
export function commit(runs: RunStore, append: Append, patience: Patience): Promise<Committed> {
  return patiently<Committed>(patience, async () => {
    const outcome = await runs.append(append);
    switch (outcome.type) {
      case 'accepted':
        return { type: 'accepted' };
      case 'refused':
        if (outcome.head < append.expected) return { type: 'went-back', found: outcome.head };
        return (await isMine(runs, append)) ? { type: 'accepted' } : { type: 'refused' };
      case 'not-yours':
        // The due row or the dead holder is gone; perhaps because this very append took it.
        return (await isMine(runs, append)) ? { type: 'accepted' } : { type: 'not-yours' };
      case 'budgets-moved':
        return outcome;
      case 'missing':
        return { type: 'not-yours' };
      case 'busy':
        return null;
    }
  });
}

/** The event after the expected head bears this append's id. */
async function isMine(runs: RunStore, append: Append): Promise<boolean> {
  const [first] = await runs.eventsAfter(append, append.expected, 1);
  return first?.appendId === append.id;
}
