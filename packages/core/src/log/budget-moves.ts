import type { RunEvent } from '@holdfast/contracts';

/** What an append does to the rows of budgets, in its transaction; or it does nothing at all. Times in ms since 1970. */
export interface BudgetMoves {
  readonly returned: readonly (Amounts & {
    readonly spent_tokens: number;
    readonly spent_cost_usd_micros: number;
  })[];
  /** Refused when the budget has not that much room any more. */
  readonly taken: readonly (Amounts & { readonly ends_at: number | null })[];
  /** Refused when the notice was given already. */
  readonly noticed: readonly { readonly budget: string; readonly starts_at: number }[];
  /** The run waits for room. Refused when there is some by now, or nobody would wake it. */
  readonly waits: {
    readonly budget: string;
    readonly starts_at: number;
    readonly limit: 'tokens' | 'cost_usd_micros';
    readonly needed: number;
    readonly unpriced: boolean;
  } | null;
  /** It waits for no budget any more. */
  readonly goesOn: boolean;
}

interface Amounts {
  readonly budget: string;
  readonly starts_at: number;
  readonly tokens: number;
  readonly cost_usd_micros: number;
}

/** `waited`, `waits`: the run waited for a budget before these events, and does after them. null: nothing moves. */
export function movesOf(events: readonly RunEvent[], waited: boolean, waits: boolean): BudgetMoves | null {
  const returned: BudgetMoves['returned'][number][] = [];
  const taken: BudgetMoves['taken'][number][] = [];
  const noticed: BudgetMoves['noticed'][number][] = [];
  let reached: BudgetMoves['waits'] = null;
  for (const { type, data } of events) {
    if (type === 'allowance.returned') {
      const { windows, ...amounts } = data;
      for (const { budget, starts_at } of windows) returned.push({ budget, starts_at, ...amounts });
    }
    if (type === 'allowance.taken') {
      const { windows, tokens, cost_usd_micros } = data;
      for (const { budget, starts_at, ends_at } of windows)
        taken.push({ budget, starts_at, ends_at, tokens, cost_usd_micros });
    }
    if (type === 'budget.noticed') noticed.push({ budget: data.window.budget, starts_at: data.window.starts_at });
    if (type === 'budget.reached') {
      const { window, limit, needed, why } = data;
      reached = { budget: window.budget, starts_at: window.starts_at, limit, needed, unpriced: why === 'unpriced' };
    }
  }
  // A fork of one that waits begins without: it has no row to take back.
  const claimed = events.some(({ type }) => type === 'run.claimed' || type === 'run.taken_over');
  const goesOn = waited && !waits && claimed;
  if (returned.length + taken.length + noticed.length === 0 && reached === null && !goesOn) return null;
  return { returned, taken, noticed, waits: reached, goesOn };
}
