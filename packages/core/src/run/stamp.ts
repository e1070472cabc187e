import type { EventBody, RunEvent } from '@holdfast/contracts';
import type { RunState } from './state.ts';

/** Gives a body its number and time: the next one of the run, never before the last event's time. */
export const stamp = (state: RunState, body: EventBody, at: number): RunEvent => ({
  ...body,
  seq: state.head + 1,
  at: Math.max(at, state.lastAt),
});
