import type { CommandOf } from './command.ts';
import { findToolCall } from './effects.ts';
import { events, type Handled, stale } from './handled.ts';
import type { EndedRun, LiveRun } from './state.ts';

/**
 * An answer that came after its call was given up. It settles an effect that is still unknown and of which no other
 * attempt has begun; otherwise it is kept as evidence. After the end there is no place for evidence.
 */
export function lateResult(state: LiveRun | EndedRun, command: CommandOf<'tool_late_result'>): Handled {
  const { call, attempt, content, isError } = command;
  const files = command.artifacts === undefined ? {} : { artifacts: [...command.artifacts] };
  const resolved = events({
    type: 'tool.resolved',
    data: {
      call,
      how: 'late-result',
      by: { type: 'system', id: 'late-result', roles: [] },
      content,
      is_error: isError,
      ...files,
    },
  });
  if (state.phase === 'ended')
    return state.unknown.some((unknown) => unknown.id === call && unknown.attempt === attempt)
      ? resolved
      : stale(command);
  const found = findToolCall(state, call);
  // Its holder is gone, but nobody has judged the call yet: this is simply its answer.
  if (found?.phase.is === 'open' && found.attempt === attempt)
    return events({ type: 'tool.returned', data: { call, attempt, content, is_error: isError, ...files } });
  if (found?.phase.is === 'unknown' && found.attempt === attempt) return resolved;
  return events({ type: 'tool.late_result', data: { call, attempt, content, is_error: isError, ...files } });
}
