import type { BodyOf, BudgetWindow, EventBody } from '@holdfast/contracts';
import { isTerminal } from '@holdfast/contracts';
import { type Action, record } from './action.ts';
import type { CommandOf } from './command.ts';
import { isHalted } from './engine.ts';
import { events, type Handled, refuse } from './handled.ts';
import { type Allowance, type LiveRun, modelCallOf, openCalls, type RunState, type Shortage } from './state.ts';

// Budgets of tenants and agents are shared by many runs, so no call touches them: a run takes an allowance, a slice for
// its next few calls, spends it in its own state, and returns the rest when it waits or ends. Only calls of the model use
// tokens and money; those of a run come one after the other, so one allowance at a time is enough.

/** An allowance is for about this many calls like the next one. */
const CALLS_AHEAD = 8;
/** Near the limit it is smaller: one run takes at most this part of what is left, or what its next call needs. */
const SHARE_OF_REST = 8;

/** What the next call of the model may use. */
export interface BudgetNeed {
  readonly tokens: number;
  readonly costUsdMicros: number;
  /** Without a price its cost is not known. */
  readonly priced: boolean;
}

/** A budget as it stood when the executor looked. The append compares it with the row, under the row's lock. */
export interface OfferedBudget {
  readonly window: BudgetWindow;
  /** null: the budget does not limit it. */
  readonly tokens: OfferedUnit | null;
  readonly costUsdMicros: OfferedUnit | null;
  /** Percent of the limit at which a notice is due; null: none, or it was given in this window. */
  readonly noticeAt: number | null;
}

/** `used`: spent, and held by runs. It may be more than the limit. */
export interface OfferedUnit {
  readonly limit: number;
  readonly used: number;
}

type Unit = 'tokens' | 'costUsdMicros';
const units: readonly Unit[] = ['tokens', 'costUsdMicros'];
const nameOf = (unit: Unit): Shortage['limit'] => (unit === 'tokens' ? 'tokens' : 'cost_usd_micros');

/** What the run used of its allowance. */
export const spentOfAllowance = ({ before }: Allowance, { spent }: LiveRun): Record<Unit, number> => ({
  tokens: spent.own.tokens - before.tokens,
  costUsdMicros: spent.own.costUsdMicros - before.costUsdMicros,
});

/** The next call has room in what the run holds, and that is of a window that has not ended. */
export function isCovered(state: LiveRun, need: BudgetNeed, now: number): boolean {
  const { allowance } = state;
  if (!state.budgeted) return true;
  if (allowance === null || (allowance.until !== null && now >= allowance.until)) return false;
  const spent = spentOfAllowance(allowance, state);
  return units.every((unit) => spent[unit] + need[unit] <= allowance[unit]);
}

/** A model used more than its bound: what is missing is taken from the budgets at once. */
export function isOverdrawn(state: LiveRun): boolean {
  const { allowance } = state;
  if (allowance === null) return false;
  const spent = spentOfAllowance(allowance, state);
  return units.some((unit) => spent[unit] > allowance[unit]);
}

/** What the run holds goes back when nothing is under way that could use it. */
export function giveBack(state: RunState): Action[] {
  if (state.phase !== 'live' || state.allowance === null) return [];
  return openCalls(state).length === 0 ? [record(returned(state, state.allowance))] : [];
}

/** An end returns what the run holds, whoever ends it. */
export const returnedBefore = (state: RunState, { type }: EventBody): EventBody[] =>
  isTerminal(type) && state.phase === 'live' && state.allowance !== null ? [returned(state, state.allowance)] : [];

export function returned(state: LiveRun, allowance: Allowance): BodyOf<'allowance.returned'> {
  const spent = spentOfAllowance(allowance, state);
  return {
    type: 'allowance.returned',
    data: {
      tokens: allowance.tokens,
      cost_usd_micros: allowance.costUsdMicros,
      spent_tokens: spent.tokens,
      spent_cost_usd_micros: spent.costUsdMicros,
      windows: [...allowance.windows],
    },
  };
}

/** Whether budgets count for the run, as its taker found it. */
export function findBudgets(state: LiveRun, found: boolean | undefined): EventBody[] {
  if (found === undefined || found === state.budgeted) return [];
  return found ? [{ type: 'budget.applied', data: {} }] : liftBudgets(state);
}

function liftBudgets(state: LiveRun): EventBody[] {
  const back = state.allowance === null ? [] : [returned(state, state.allowance)];
  return [...back, { type: 'budget.lifted', data: {} }];
}

export function applyBudgets(state: LiveRun): Handled {
  return state.budgeted
    ? refuse('stale_result', 'That budgets count for this run is known.')
    : events({ type: 'budget.applied', data: {} });
}

/** Takes a slice of what is offered; or none, when the next call has no room in one of the budgets. */
export function takeAllowance(state: LiveRun, { offered, need }: CommandOf<'allowance_offered'>): Handled {
  const call = modelCallOf(state.turn);
  const waits = state.stop !== null || state.limit !== null || state.shortage !== null || isHalted(state);
  if (!state.budgeted || waits || call === null || call.phase.is === 'open')
    return refuse('stale_result', 'The run needs no allowance any more.');
  if (offered.length === 0) return events(...liftBudgets(state));
  const { allowance } = state;
  const back = allowance === null ? [] : [returned(state, allowance)];
  const free = offered.map((budget) => afterReturn(state, budget));
  const short = free.map((budget) => shortageOf(budget, need)).find((reached) => reached !== null);
  if (short !== undefined) {
    const of = free.filter(({ window }) => window.budget === short.data.window.budget);
    return events(...back, ...of.flatMap((budget) => noticed(budget, need)), short);
  }
  const taken = { tokens: slice('tokens', free, need), costUsdMicros: slice('costUsdMicros', free, need) };
  const ends = free.flatMap(({ window }) => (window.ends_at === null ? [] : [window.ends_at]));
  return events(...back, ...free.flatMap((budget) => noticed(budget, taken)), {
    type: 'allowance.taken',
    data: {
      tokens: taken.tokens,
      cost_usd_micros: taken.costUsdMicros,
      windows: free.map(({ window }) => window),
      until: ends.length === 0 ? null : Math.min(...ends),
    },
  });
}

/** The budget once the run has returned what it holds of this very window. */
function afterReturn(state: LiveRun, budget: OfferedBudget): OfferedBudget {
  const { allowance } = state;
  const { window } = budget;
  const mine = allowance?.windows.some((held) => held.budget === window.budget && held.starts_at === window.starts_at);
  if (allowance === null || mine !== true) return budget;
  const spent = spentOfAllowance(allowance, state);
  const less = (unit: Unit): OfferedUnit | null => {
    const offered = budget[unit];
    return offered === null ? null : { ...offered, used: offered.used - allowance[unit] + spent[unit] };
  };
  return { ...budget, tokens: less('tokens'), costUsdMicros: less('costUsdMicros') };
}

function shortageOf(budget: OfferedBudget, need: BudgetNeed): BodyOf<'budget.reached'> | null {
  const reached = (unit: Unit, { limit, used }: OfferedUnit, why: Shortage['why']): BodyOf<'budget.reached'> => ({
    type: 'budget.reached',
    data: { window: budget.window, why, limit: nameOf(unit), limit_value: limit, used, needed: need[unit] },
  });
  if (budget.costUsdMicros !== null && !need.priced) return reached('costUsdMicros', budget.costUsdMicros, 'unpriced');
  for (const unit of units) {
    const offered = budget[unit];
    if (offered !== null && offered.used + need[unit] > offered.limit) return reached(unit, offered, 'short');
  }
  return null;
}

function slice(unit: Unit, offered: readonly OfferedBudget[], need: BudgetNeed): number {
  const shares = offered.flatMap((budget) => {
    const of = budget[unit];
    return of === null ? [] : [Math.floor((of.limit - of.used) / SHARE_OF_REST)];
  });
  return Math.max(need[unit], Math.min(need[unit] * CALLS_AHEAD, ...shares));
}

/** The budget passes its soft threshold with what the run takes, or wants to take. */
function noticed(budget: OfferedBudget, taken: Record<Unit, number>): BodyOf<'budget.noticed'>[] {
  const { noticeAt, window } = budget;
  if (noticeAt === null) return [];
  for (const unit of units) {
    const of = budget[unit];
    if (of === null) continue;
    const used = of.used + taken[unit];
    if (used * 100 < of.limit * noticeAt) continue;
    return [
      {
        type: 'budget.noticed',
        data: { window, percent: noticeAt, limit: nameOf(unit), limit_value: of.limit, used },
      },
    ];
  }
  return [];
}

export function allowanceTaken(state: LiveRun, { data }: BodyOf<'allowance.taken'>): LiveRun | string {
  if (state.allowance !== null) return 'the run holds an allowance already';
  const { tokens, cost_usd_micros: costUsdMicros, windows, until } = data;
  return { ...state, allowance: { tokens, costUsdMicros, windows, until, before: state.spent.own } };
}

export const allowanceReturned = (state: LiveRun): LiveRun | string =>
  state.allowance === null ? 'the run holds no allowance' : { ...state, allowance: null };

export function budgetReached(state: LiveRun, { data }: BodyOf<'budget.reached'>, since: number): LiveRun {
  const { window, why, limit, limit_value: value, used, needed } = data;
  return { ...state, shortage: { window, why, limit, value, used, needed, since } };
}
