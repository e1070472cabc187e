import type { AgentVersion, EventType, RunEvent } from '@holdfast/contracts';
import { evolve } from './evolve.ts';
import { begin, type RunState } from './state.ts';

/** Something was settled, and nothing that follows from it has begun. */
const settling: ReadonlySet<EventType> = new Set<EventType>([
  'run.created',
  'run.admitted',
  'run.forked',
  'model.answered',
  'answer.rejected',
  'tool.returned',
  'tool.resolved',
  'tool.not_run',
  'child.ended',
  'wait.ended',
  'question.answered',
  'duplicate.decided',
  'message.delivered',
  'context.compacted',
]);

/**
 * Where a rerun goes on: the newest settling event after which the run was alive, its log in order, and its final
 * answer not given. 0 = there is none.
 */
export function lastGoodEvent(run: string, version: AgentVersion, log: readonly RunEvent[]): number {
  let state: RunState = begin(run, version);
  let good = 0;
  for (const event of log) {
    state = evolve(state, event);
    if (state.phase !== 'live' || state.problem !== null) break;
    if (settling.has(event.type) && state.turn.at !== 'answer') good = event.seq;
  }
  return good;
}
