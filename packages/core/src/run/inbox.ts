import type { BodyOf } from '@holdfast/contracts';
import type { LiveRun, UndeliveredMessage } from './state.ts';

/** The user spoke in the middle of a turn: what has not begun does not begin. */
export const userSpoke = (state: LiveRun): boolean => state.inbox.some((message) => message.mode !== 'queue');

/** Cancels the model call under way and ends waits. */
export const interrupted = (state: LiveRun): boolean => state.inbox.some((message) => message.mode === 'interrupt');

/** What is delivered now: in mid-turn only what steers or interrupts; when the turn has ended, everything. */
export const deliverable = (state: LiveRun): readonly UndeliveredMessage[] =>
  state.turn.at === 'answer' ? state.inbox : state.inbox.filter((message) => message.mode !== 'queue');

export const delivery = (state: LiveRun): BodyOf<'message.delivered'> => ({
  type: 'message.delivered',
  data: { ids: deliverable(state).map((message) => message.id) },
});
