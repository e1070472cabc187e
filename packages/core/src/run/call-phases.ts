import type { EventType, RunEvent } from '@holdfast/contracts';
import { callsOf, type LiveRun, type ToolPhase } from './state.ts';
import { startsSummary } from './summary.ts';

/** From which phases of its call an event may follow; `attempt`: the one under way, or the next. */
const table: Partial<
  Record<EventType, { readonly from: readonly ToolPhase['is'][]; readonly attempt?: 'same' | 'next' }>
> = {
  'model.called': { from: ['ready', 'scheduled'], attempt: 'next' },
  'model.answered': { from: ['open'], attempt: 'same' },
  'model.interrupted': { from: ['open'], attempt: 'same' },
  'model.failed': { from: ['open'], attempt: 'same' },
  'tool.called': { from: ['new', 'ready', 'scheduled'], attempt: 'next' },
  'tool.returned': { from: ['open'], attempt: 'same' },
  'tool.failed': { from: ['open'], attempt: 'same' },
  'tool.unknown': { from: ['open'], attempt: 'same' },
  'tool.changed': { from: ['open'], attempt: 'same' },
  'tool.resolved': { from: ['unknown', 'exhausted', 'changed'] },
  'tool.not_run': { from: ['new', 'duplicate', 'approval', 'denied', 'ready', 'question'] },
  'attempt.scheduled': { from: ['exhausted', 'changed'], attempt: 'next' },
  'child.started': { from: ['new', 'ready'] },
  'child.ended': { from: ['child'] },
  'wait.began': { from: ['new', 'ready'] },
  'wait.ended': { from: ['timer'] },
  'question.asked': { from: ['new', 'ready'] },
  'question.answered': { from: ['question'] },
  'duplicate.found': { from: ['new'] },
  'duplicate.decided': { from: ['duplicate'] },
  'approval.asked': { from: ['new'] },
  'approval.given': { from: ['approval'] },
  'approval.decided': { from: ['approval'] },
  'approval.changed': { from: ['approval'] },
};

/** Why the event does not fit the call it is about; null when it does, or is about no call under way. */
export function callMisfit(state: LiveRun, event: RunEvent): string | null {
  const rule = table[event.type];
  if (rule === undefined || !('call' in event.data)) return null;
  if (event.type === 'model.called' && startsSummary(state, event)) return null;
  const { call: id } = event.data;
  const call = callsOf(state.turn).find((each) => each.id === id);
  if (call === undefined) return `no call ${id} is known`;
  if (!rule.from.includes(call.phase.is)) return `${event.type} does not follow on a call that is ${call.phase.is}`;
  const expected = rule.attempt === undefined ? undefined : call.attempt + (rule.attempt === 'next' ? 1 : 0);
  const attempt = 'attempt' in event.data ? event.data.attempt : undefined;
  return attempt === expected ? null : `${event.type} is of attempt ${attempt}, not ${expected}`;
}
