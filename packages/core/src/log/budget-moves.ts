import type { RunEvent } from '@holdfast/contracts';

/** What an append does to the rows of budgets, in its transaction; or it does nothing at all. Times in ms since 1970. */
export interface BudgetMoves {
  /** At most one for each window. */
  readonly returned: readonly Returned[];
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

interface Returned extends Amounts {
  readonly spent_tokens: number;
  readonly spent_cost_usd_micros: number;
}

interface Amounts {
  readonly budget: string;
  readonly starts_at: number;
  readonly tokens: number;
  readonly cost_usd_micros: number;
}

/** `waited`, `waits`: the run waited for a budget before these events, and does after them. null: nothing moves. */
export function movesOf(events: readonly RunEvent[], waited: boolean, waits: boolean): BudgetMoves | null {
  const returned = new Map<string, Returned>();
  const taken: BudgetMoves['taken'][number][] = [];
  const noticed: BudgetMoves['noticed'][number][] = [];
  let reached: BudgetMoves['waits'] = null;
  for (const { type, data } of events) {
    if (type === 'allowance.returned') {
      const { windows, ...amounts } = data;
      for (const { budget, starts_at } of windows) {
        const window = `${budget} ${starts_at}`;
        // A run that is let go while it asks for the next allowance returns both.
        returned.set(window, both(returned.get(window), { budget, starts_at, ...amounts }));
      }
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
  if (returned.size + taken.length + noticed.length === 0 && reached === null && !goesOn) return null;
  return { returned: [...returned.values()], taken, noticed, waits: reached, goesOn };
}

const both = (one: Returned | undefined, two: Returned): Returned =>
  one === undefined
    ? two
    : {
        ...two,
        tokens: one.tokens + two.tokens,
        cost_usd_micros: one.cost_usd_micros + two.cost_usd_micros,
        spent_tokens: one.spent_tokens + two.spent_tokens,
        spent_cost_usd_micros: one.spent_cost_usd_micros + two.spent_cost_usd_micros,
      };
