import type { BodyOf, DataOf } from '@holdfast/contracts';
import type { EndedRun, LiveRun, UnknownCall } from './state.ts';

export function ended(
  state: LiveRun,
  event: BodyOf<'run.succeeded'> | BodyOf<'run.failed'> | BodyOf<'run.cancelled'>,
): EndedRun {
  const { run, version, head, lastAt, parent, thread, spent } = state;
  const about = {
    phase: 'ended',
    run,
    version,
    head,
    lastAt,
    parent,
    thread,
    spent,
    unknown: unknownCalls(state),
  } as const;
  switch (event.type) {
    case 'run.succeeded':
      return { ...about, status: 'succeeded', output: event.data.output, error: null };
    case 'run.failed': {
      const { code, detail } = event.data;
      return { ...about, status: 'failed', output: null, error: { code, detail } };
    }
    case 'run.cancelled':
      return { ...about, status: 'cancelled', output: null, error: null };
  }
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
