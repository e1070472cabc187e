import type { DataOf, EventBody, RunEvent } from '@holdfast/contracts';
import { agentsOf } from './children.ts';
import type { CommandOf } from './command.ts';
import { fixedBytes } from './context.ts';
import { unlost } from './engine.ts';
import { events, type Handled } from './handled.ts';
import { unspent } from './limits.ts';
import { bytesOf } from './sizes.ts';
import type { LiveRun, Turn } from './state.ts';

/** The run has just been copied from its source; from here on it goes its own way. */
export function fork(state: LiveRun, command: CommandOf<'fork'>): Handled {
  const { from, input, limits, metadata, began, message, by } = command;
  const { number: version, id: version_id } = state.version;
  const forked: EventBody = {
    type: 'run.forked',
    data: {
      from,
      seq: state.head,
      version,
      version_id,
      input,
      limits,
      metadata: { ...metadata },
      ...agentsOf(command),
      began: [...began],
      by,
    },
  };
  if (message === undefined) return events(forked);
  return events(forked, { type: 'message.received', data: { ...message, mode: 'steer', by } });
}

/**
 * Transcript and results are inherited. What was under way begins anew, and what was used, waited for or said to the
 * source is its own affair.
 */
export function forked(state: LiveRun, { at }: RunEvent, data: DataOf<'run.forked'>): LiveRun {
  const fixed = fixedBytes(state.version) + bytesOf(data.input);
  const known = new Set(data.began.map(({ key }) => key));
  const { blocks } = state.context;
  return {
    ...state,
    createdAt: at,
    startAt: null,
    expiresAt: null,
    limits: data.limits,
    agents: data.agents ?? state.agents,
    startedBy: [...state.startedBy, data.by],
    // Nobody waits for it.
    parent: null,
    thread: null,
    admitted: false,
    holder: null,
    paused: false,
    stop: null,
    spent: unspent,
    limit: null,
    // Its holder finds out which budgets count; it has taken nothing of them.
    budgeted: false,
    allowance: null,
    shortage: null,
    rejected: false,
    turn: anew(state.turn),
    inbox: [],
    // The model may be another one, or be told other things, so nothing has been measured yet.
    context: { fixed, blocks, bytes: blocks.reduce((sum, block) => sum + block.bytes, fixed), measured: null },
    engine: unlost,
    began: [...data.began, ...state.began.filter(({ key }) => !known.has(key))],
  };
}

function anew(turn: Turn): Turn {
  const fresh = { attempt: 0, burned: 0 };
  switch (turn.at) {
    case 'model':
      return { at: 'model', call: { ...turn.call, ...fresh, failures: 0, phase: { is: 'ready' } } };
    case 'summary':
      return anew({ at: 'model', call: turn.waiting });
    case 'tools':
      return {
        at: 'tools',
        calls: turn.calls.map((call) =>
          call.phase.is === 'done' ? call : { ...call, ...fresh, phase: { is: 'new' } },
        ),
      };
    case 'answer':
      return turn;
  }
}
