import type { Schedule } from './schedule.ts';
import { nextTick, startOf } from './ticks.ts';

/** What the scheduler does next with a schedule that is not paused. */
export type Move =
  /** null: there are no more ticks. */
  | { readonly type: 'wait'; readonly until: number | null }
  /** `fromBuffer`: the one that has waited for the end of the last run; `tick` null: it was asked for by hand. */
  | { readonly type: 'start'; readonly tick: number | null; readonly fromBuffer: boolean }
  /** It starts when the last run has ended. `cancel`: that one is asked to end. */
  | { readonly type: 'buffer'; readonly tick: number; readonly cancel: boolean }
  /** Ticks up to `reached` are passed by, because the last run has not ended. */
  | { readonly type: 'skip'; readonly count: number; readonly reached: number }
  /** The same, because nobody was there for longer than the catch-up window. */
  | { readonly type: 'miss'; readonly count: number; readonly reached: number };

/** The end of the last run is looked for this often, ms. */
export const BUFFER_POLL_MS = 1_000;
/** Ticks that one move passes by: each takes about 50 µs. */
const AT_ONCE = 1_000;

/** `busy`: the last run has not ended. */
export function nextMove(schedule: Schedule, now: number, busy: boolean): Move {
  const { id, spec, reached, buffered } = schedule;
  if (buffered !== null && !busy) return { type: 'start', tick: buffered.tick, fromBuffer: true };
  const tick = nextTick(spec, reached);
  const at = tick === null ? null : startOf(id, spec, tick);
  if (tick === null || at === null || at > now) {
    if (buffered === null) return { type: 'wait', until: at };
    return { type: 'wait', until: Math.min(at ?? Number.POSITIVE_INFINITY, now + BUFFER_POLL_MS) };
  }
  const oldest = now - spec.catchUpSeconds * 1_000;
  if (tick < oldest) return missed(schedule, tick, oldest);
  if (!busy) return { type: 'start', tick, fromBuffer: false };
  switch (spec.overlap) {
    case 'allow':
      return { type: 'start', tick, fromBuffer: false };
    case 'cancel-other':
      return { type: 'buffer', tick, cancel: true };
    case 'buffer-one':
      return buffered === null ? { type: 'buffer', tick, cancel: false } : skipped(schedule, tick, now);
    case 'skip':
      return skipped(schedule, tick, now);
  }
}

function skipped({ id, spec }: Schedule, first: number, now: number): Move {
  let [count, reached] = [1, first];
  while (count < AT_ONCE) {
    const tick = nextTick(spec, reached);
    if (tick === null || startOf(id, spec, tick) > now) break;
    [count, reached] = [count + 1, tick];
  }
  return { type: 'skip', count, reached };
}

/** More than are worth counting count as so many: after a month without a worker it would take minutes. */
function missed({ spec }: Schedule, first: number, oldest: number): Move {
  let [count, reached] = [1, first];
  while (count < AT_ONCE) {
    const tick = nextTick(spec, reached);
    if (tick === null || tick >= oldest) return { type: 'miss', count, reached };
    [count, reached] = [count + 1, tick];
  }
  return { type: 'miss', count, reached: Math.max(reached, oldest - 1) };
}
