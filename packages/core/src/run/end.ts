import type { DataOf } from '@holdfast/contracts';
import type { EndedRun, LiveRun, UnknownCall } from './state.ts';

export function ended(state: LiveRun, status: EndedRun['status']): EndedRun {
  const { run, version, head, lastAt } = state;
  return { phase: 'ended', run, version, head, lastAt, status, unknown: unknownCalls(state) };
}

const unknownCalls = (state: LiveRun): UnknownCall[] =>
  state.turn.at !== 'tools'
    ? []
    : state.turn.calls.flatMap((call) =>
        call.phase.is === 'unknown'
          ? [
              {
                id: call.id,
                attempt: call.attempt,
                since: call.phase.since,
                why: call.phase.why,
                name: call.requested.name,
              },
            ]
          : [],
      );

export function resolvedAfterEnd(state: EndedRun, data: DataOf<'tool.resolved'>): EndedRun | string {
  if (!state.unknown.some((call) => call.id === data.call)) return `no effect ${data.call} is unknown`;
  return { ...state, unknown: state.unknown.filter((call) => call.id !== data.call) };
}
