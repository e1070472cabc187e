import type { BodyOf, Limits, Prices, RaisableLimit, Reservation } from '@holdfast/contracts';
import { childrenOf, type LimitReached, type LiveRun, openCalls, type Spent } from './state.ts';

/** What a call needs at most before it may begin. `step`: attempts after the first are the same step. */
export interface Need extends Reservation {
  readonly steps: 0 | 1;
}

/** What is still free: limits less what was spent and what open calls and children hold. */
export interface Room {
  readonly limits: Limits;
  readonly steps: number;
  readonly tokens: number;
  readonly costUsdMicros: number;
  readonly descendants: number;
  /** Active time at the end of the last open call, were it to time out; and that moment. */
  readonly activeMs: number;
  readonly until: number;
}

export function roomOf(state: LiveRun, now: number): Room {
  const held = openCalls(state).flatMap((call) => (call.phase.is === 'open' ? [call.phase.reservation] : []));
  const children = childrenOf(state).map(({ phase }) => phase);
  const { spent } = state;
  return {
    limits: state.limits,
    steps: spent.steps + sumOf(children.map(({ limits }) => limits.steps)),
    tokens: spent.tokens + sumOf([...held, ...children.map(({ limits }) => limits)].map(({ tokens }) => tokens)),
    costUsdMicros:
      spent.costUsdMicros +
      sumOf([...held, ...children.map(({ limits }) => limits)].map((reserved) => reserved.cost_usd_micros ?? 0)),
    descendants: spent.descendants + sumOf(children.map(({ descendants }) => descendants)),
    activeMs: spent.activeMs + (spent.span === null ? 0 : Math.max(spent.span.until, now) - spent.span.since),
    until: spent.span === null ? now : Math.max(spent.span.until, now),
  };
}

/** What was spent of a limit, and what open calls and children hold of it. */
export function spentOf({ steps, tokens, costUsdMicros, activeMs }: Room, limit: RaisableLimit): number {
  switch (limit) {
    case 'steps':
      return steps;
    case 'tokens':
      return tokens;
    case 'cost_usd_micros':
      return costUsdMicros;
    case 'active_ms':
      return activeMs;
  }
}

/** The room left after the call was given its place, or the first limit that it would pass. */
export function reserve(
  room: Room,
  need: Need,
  now: number,
): { room: Room } | { reached: Omit<LimitReached, 'since'> } {
  const until = Math.max(room.until, now + need.active_ms);
  const after: Room = {
    ...room,
    steps: room.steps + need.steps,
    tokens: room.tokens + need.tokens,
    costUsdMicros: room.costUsdMicros + need.cost_usd_micros,
    activeMs: room.activeMs + (until - room.until),
    until,
  };
  const { limits } = room;
  const reached = (limit: LimitReached['limit'], value: number, spent: number, needed: number) => ({
    reached: { limit, value, spent, needed },
  });
  if (after.steps > limits.steps) return reached('steps', limits.steps, room.steps, need.steps);
  if (after.tokens > limits.tokens) return reached('tokens', limits.tokens, room.tokens, need.tokens);
  if (limits.cost_usd_micros !== null && after.costUsdMicros > limits.cost_usd_micros)
    return reached('cost_usd_micros', limits.cost_usd_micros, room.costUsdMicros, need.cost_usd_micros);
  if (after.activeMs > limits.active_ms)
    return reached('active_ms', limits.active_ms, room.activeMs, until - room.until);
  return { room: after };
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

export const limitReached = (reached: Omit<LimitReached, 'since'>): BodyOf<'limit.reached'> => ({
  type: 'limit.reached',
  data: { limit: reached.limit, limit_value: reached.value, spent: reached.spent, needed: reached.needed },
});

/** Micro-dollars, rounded up; 0 when the model has no price. */
export const cost = (prices: Prices | null, inputTokens: number, outputTokens: number): number =>
  prices === null
    ? 0
    : Math.ceil((inputTokens * prices.input_per_mtok + outputTokens * prices.output_per_mtok) / 1_000_000);

/** Nothing was used yet. */
export const unspent: Spent = {
  steps: 0,
  tokens: 0,
  costUsdMicros: 0,
  own: { tokens: 0, costUsdMicros: 0 },
  activeMs: 0,
  childMs: 0,
  descendants: 0,
  span: null,
};

/** A call began: its step is counted and the active span reaches to its time-out. */
export function spendBegin(spent: Spent, at: number, timeoutMs: number, firstAttempt: boolean): Spent {
  const until = at + timeoutMs;
  return {
    ...spent,
    steps: spent.steps + (firstAttempt ? 1 : 0),
    span:
      spent.span === null
        ? { since: at, until }
        : { since: spent.span.since, until: Math.max(spent.span.until, until) },
  };
}

/** A call ended and used this much; with the last open call the active span ends, never later than its time-outs. */
export function spendEnd(
  spent: Spent,
  at: number,
  used: { tokens: number; costUsdMicros: number },
  lastOpen: boolean,
): Spent {
  const { span } = spent;
  return {
    ...spent,
    tokens: spent.tokens + used.tokens,
    costUsdMicros: spent.costUsdMicros + used.costUsdMicros,
    own: {
      tokens: spent.own.tokens + used.tokens,
      costUsdMicros: spent.own.costUsdMicros + used.costUsdMicros,
    },
    activeMs: spent.activeMs + (lastOpen && span !== null ? Math.min(at, span.until) - span.since : 0),
    span: lastOpen ? null : span,
  };
}
