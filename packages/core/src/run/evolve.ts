import type { BodyOf, DataOf, RunEvent } from '@holdfast/contracts';
import { compacted, fixedBytes, grow } from './context.ts';
import { spendBegin, spendEnd } from './limits.ts';
import { bytesOf } from './sizes.ts';
import {
  type EndedRun,
  type LiveRun,
  type ModelCall,
  type ModelPhase,
  openCalls,
  type RunState,
  type ToolCall,
  type ToolPhase,
  type UnknownCall,
} from './state.ts';

/**
 * Folds one event. It never throws: an event that does not fit the state is kept as a problem of the log, which stops
 * the run and asks a person.
 */
export function evolve(state: RunState, event: RunEvent): RunState {
  const next = fold(state, event);
  if (typeof next === 'string') return misfit(state, event, next);
  return { ...next, head: event.seq, lastAt: event.at };
}

function fold(state: RunState, event: RunEvent): RunState | string {
  if (event.seq !== state.head + 1) return `number ${event.seq} follows ${state.head}`;
  switch (state.phase) {
    case 'unborn':
      return event.type === 'run.created' ? born(state.run, state.version, event.data, event) : 'the run has no beginning';
    case 'live':
      return foldLive(state, event);
    case 'ended':
      return event.type === 'tool.resolved' ? resolvedAfterEnd(state, event.data) : 'the run has ended';
  }
}

function born(run: string, version: LiveRun['version'], data: DataOf<'run.created'>, event: RunEvent): LiveRun {
  const fixed = fixedBytes(version) + bytesOf(data.input);
  const unstarted: LiveRun = {
    phase: 'live',
    run,
    version,
    head: event.seq,
    lastAt: event.at,
    createdAt: event.at,
    limits: data.limits,
    admitted: false,
    holder: null,
    paused: false,
    stop: null,
    spent: { steps: 0, tokens: 0, costUsdMicros: 0, activeMs: 0, span: null },
    limit: null,
    turn: { at: 'answer', output: [] },
    modelSteps: 0,
    answers: 0,
    inbox: [],
    context: { fixed, blocks: [], bytes: fixed, measured: null },
    problem: null,
  };
  return askModel(unstarted);
}

function foldLive(state: LiveRun, event: RunEvent): RunState | string {
  switch (event.type) {
    case 'run.created':
      return 'the run has begun already';
    case 'run.admitted':
      return { ...state, admitted: true };
    case 'run.claimed':
    case 'run.taken_over':
      return { ...state, holder: event.data.worker };
    case 'tool.late_result':
      return state;
    case 'run.paused':
      return { ...state, paused: true };
    case 'run.resumed':
      return { ...state, paused: false };
    case 'run.cancel_requested':
      return { ...state, stop: state.stop ?? { why: 'cancel', at: event.at } };
    case 'run.succeeded':
      return ended(state, 'succeeded');
    case 'run.failed':
      return ended(state, 'failed');
    case 'run.cancelled':
      return ended(state, 'cancelled');
    case 'log.went_back':
      return { ...state, problem: { seq: event.seq, reason: wentBack(event), since: event.at } };

    case 'model.called':
      return onModel(state, event.data.call, (call) => [
        { ...call, attempt: event.data.attempt, phase: opened(event) },
        { spent: spendBegin(state.spent, event.at, event.data.timeout_ms, call.attempt === 0) },
      ]);
    case 'model.answered':
      return answered(state, event);
    case 'model.interrupted':
      return onModel(state, event.data.call, (call) => [
        call,
        { spent: settle(state, event.at, reservedBy(call)), context: growBy(state, event.seq, event.data.content) },
      ], askModel);
    case 'model.failed': {
      const { data } = event;
      // A refused request used nothing; of any other nobody knows, so its reservation counts as spent.
      const free = data.class === 'not-sent' || data.class === 'rate-limited';
      return onModel(state, data.call, (call) => [
        { ...call, phase: { is: 'exhausted', since: event.at, message: data.message } },
        { spent: settle(state, event.at, free ? nothing : reservedBy(call)) },
      ]);
    }

    case 'tool.called':
      return onTool(state, event.data.call, (call) => ({ ...call, attempt: event.data.attempt, phase: opened(event) }), {
        spent: spendBegin(state.spent, event.at, event.data.timeout_ms, firstAttempt(state, event.data.call)),
      });
    case 'tool.returned':
      return closeTool(state, event, { is: 'done' }, event.data.content);
    case 'tool.failed':
      return closeTool(state, event, { is: 'exhausted', since: event.at, message: event.data.message });
    case 'tool.unknown': {
      const { why, retry_from } = event.data;
      return closeTool(state, event, { is: 'unknown', since: event.at, retryFrom: retry_from, why });
    }
    case 'tool.changed':
      return closeTool(state, event, { is: 'changed', since: event.at, found: event.data.found });
    case 'tool.resolved':
      return event.data.how === 'retry'
        ? onTool(state, event.data.call, (call) => ({ ...call, burned: 0, phase: { is: 'ready' } }))
        : closeTool(state, event, { is: 'done' }, event.data.content ?? []);
    case 'tool.not_run':
      return closeTool(state, event, { is: 'done' }, event.data.message);
    case 'attempt.scheduled':
      return scheduled(state, event.data);

    case 'wait.began':
      return onTool(state, event.data.call, (call) => ({ ...call, phase: { is: 'timer', since: event.at, until: event.data.until } }));
    case 'wait.ended':
      return closeTool(state, event, { is: 'done' }, event.data.by);
    case 'question.asked': {
      const { question, schema } = event.data;
      return onTool(state, event.data.call, (call) => ({ ...call, phase: { is: 'question', since: event.at, question, schema } }));
    }
    case 'question.answered':
      return closeTool(state, event, { is: 'done' }, event.data.answer);
    case 'approval.asked': {
      const { hash, role, expires_at } = event.data;
      const phase: ToolPhase = { is: 'approval', hash, role, since: event.at, expiresAt: expires_at };
      return onTool(state, event.data.call, (call) => ({ ...call, phase }));
    }
    case 'approval.decided': {
      const { decision, reason } = event.data;
      const phase: ToolPhase = decision === 'approved' ? { is: 'ready' } : { is: 'denied', reason: reason ?? '' };
      return onTool(state, event.data.call, (call) => ({ ...call, phase }));
    }

    case 'message.received': {
      const { id, mode, content } = event.data;
      return { ...state, inbox: [...state.inbox, { id, mode, bytes: bytesOf(content) }] };
    }
    case 'message.delivered':
      return delivered(state, event);
    case 'context.compacted':
      return { ...state, context: compacted(state.context, event.data.kept_from) };
    case 'limit.reached': {
      const { limit, limit_value, spent, needed } = event.data;
      if (limit === 'deadline_ms') return { ...state, stop: state.stop ?? { why: 'deadline', at: event.at } };
      return { ...state, limit: { limit, value: limit_value, spent, needed, since: event.at } };
    }
    case 'limit.raised': {
      const { limit, to } = event.data;
      return { ...state, limits: { ...state.limits, [limit]: to }, limit: state.limit?.limit === limit ? null : state.limit };
    }
    default:
      return `no rule knows ${JSON.stringify((event as { type: unknown }).type)}`;
  }
}

function answered(state: LiveRun, event: RunEvent & BodyOf<'model.answered'>): LiveRun | string {
  const { data } = event;
  return onModel(
    state,
    data.call,
    (call) => {
      const reserved = reservedBy(call);
      const used =
        data.usage === null
          ? reserved
          : { tokens: data.usage.input_tokens + data.usage.output_tokens, costUsdMicros: data.cost_usd_micros };
      const measured = data.usage === null ? state.context.measured : { tokens: data.usage.input_tokens, bytes: state.context.bytes };
      const context = grow({ ...state.context, measured }, event.seq, bytesOf([data.content, data.tool_calls]));
      return [call, { spent: settle(state, event.at, used), context, answers: state.answers + 1 }];
    },
    (next) => {
      if (data.tool_calls.length === 0) return { ...next, turn: { at: 'answer', output: data.content } };
      const calls = data.tool_calls.map((requested, index): ToolCall => ({
        id: `${event.seq}.${index}`,
        attempt: 0,
        burned: 0,
        requested,
        tool: state.version.tools.find((tool) => tool.name === requested.name) ?? null,
        phase: { is: 'new' },
      }));
      return { ...next, turn: { at: 'tools', calls } };
    },
  );
}

function delivered(state: LiveRun, event: RunEvent & BodyOf<'message.delivered'>): LiveRun | string {
  const { ids } = event.data;
  const messages = state.inbox.filter((message) => ids.includes(message.id));
  if (messages.length !== ids.length) return 'a message that was not received is delivered';
  const bytes = messages.reduce((sum, message) => sum + message.bytes, 0);
  const next: LiveRun = {
    ...state,
    inbox: state.inbox.filter((message) => !ids.includes(message.id)),
    context: grow(state.context, event.seq, bytes),
  };
  return state.turn.at === 'answer' ? askModel(next) : next;
}

function scheduled(state: LiveRun, data: DataOf<'attempt.scheduled'>): LiveRun | string {
  const burned = (call: { burned: number }): number => (data.by !== undefined ? 0 : call.burned + (data.burns ? 1 : 0));
  const phase = { is: 'scheduled', at: data.at } as const;
  return state.turn.at === 'model'
    ? onModel(state, data.call, (call) => [{ ...call, burned: burned(call), phase }, {}])
    : onTool(state, data.call, (call) => ({ ...call, burned: burned(call), phase }));
}

/** The next step of the model. */
function askModel(state: LiveRun): LiveRun {
  const modelSteps = state.modelSteps + 1;
  return { ...state, modelSteps, turn: { at: 'model', call: { id: `m${modelSteps}`, attempt: 0, burned: 0, phase: { is: 'ready' } } } };
}

type Changes = Partial<Pick<LiveRun, 'spent' | 'context' | 'answers'>>;

function onModel(
  state: LiveRun,
  id: string,
  change: (call: ModelCall) => readonly [ModelCall, Changes],
  then: (state: LiveRun) => LiveRun = (next) => next,
): LiveRun | string {
  if (state.turn.at !== 'model' || state.turn.call.id !== id) return `no model call ${id} is under way`;
  const [call, changes] = change(state.turn.call);
  return then({ ...state, ...changes, turn: { at: 'model', call } });
}

function onTool(state: LiveRun, id: string, change: (call: ToolCall) => ToolCall, changes: Changes = {}): LiveRun | string {
  if (state.turn.at !== 'tools') return `no tool call ${id} is known`;
  const { calls } = state.turn;
  if (!calls.some((call) => call.id === id && call.phase.is !== 'done')) return `no tool call ${id} is under way`;
  return { ...state, ...changes, turn: { at: 'tools', calls: calls.map((call) => (call.id === id ? change(call) : call)) } };
}

/** A call leaves its phase; with the last one done, the model is asked again. */
function closeTool(state: LiveRun, event: RunEvent & { data: { call: string } }, phase: ToolPhase, result?: unknown): LiveRun | string {
  const wasOpen = state.turn.at === 'tools' && state.turn.calls.some((call) => call.id === event.data.call && call.phase.is === 'open');
  const changes: Changes = {
    ...(wasOpen ? { spent: settle(state, event.at, nothing) } : {}),
    ...(result === undefined ? {} : { context: growBlock(state, bytesOf(result)) }),
  };
  const next = onTool(state, event.data.call, (call) => ({ ...call, phase }), changes);
  if (typeof next === 'string' || next.turn.at !== 'tools') return next;
  return next.turn.calls.every((call) => call.phase.is === 'done') ? askModel(next) : next;
}

const opened = ({ at, data }: RunEvent & BodyOf<'model.called' | 'tool.called'>) =>
  ({ is: 'open', since: at, timeoutMs: data.timeout_ms, reservation: data.reservation }) as const;

const firstAttempt = (state: LiveRun, id: string): boolean =>
  state.turn.at === 'tools' && state.turn.calls.some((call) => call.id === id && call.attempt === 0);

const nothing = { tokens: 0, costUsdMicros: 0 };

const reservedBy = ({ phase }: { phase: ModelPhase }): { tokens: number; costUsdMicros: number } =>
  phase.is === 'open' ? { tokens: phase.reservation.tokens, costUsdMicros: phase.reservation.cost_usd_micros } : nothing;

const settle = (state: LiveRun, at: number, used: { tokens: number; costUsdMicros: number }) =>
  spendEnd(state.spent, at, used, openCalls(state).length === 1);

const growBy = (state: LiveRun, seq: number, value: unknown) => grow(state.context, seq, bytesOf(value));

/** Results of tool calls belong to the block of the answer that asked for them, which is the newest. */
const growBlock = (state: LiveRun, bytes: number) => grow(state.context, state.context.blocks.at(-1)?.seq ?? state.head, bytes);

function ended(state: LiveRun, status: EndedRun['status']): EndedRun {
  const { run, version, head, lastAt } = state;
  return { phase: 'ended', run, version, head, lastAt, status, unknown: unknownCalls(state) };
}

export const unknownCalls = (state: LiveRun): UnknownCall[] =>
  state.turn.at !== 'tools'
    ? []
    : state.turn.calls.flatMap((call) =>
        call.phase.is === 'unknown'
          ? [{ id: call.id, attempt: call.attempt, since: call.phase.since, why: call.phase.why, name: call.requested.name }]
          : [],
      );

function resolvedAfterEnd(state: EndedRun, data: DataOf<'tool.resolved'>): EndedRun | string {
  if (!state.unknown.some((call) => call.id === data.call)) return `no effect ${data.call} is unknown`;
  return { ...state, unknown: state.unknown.filter((call) => call.id !== data.call) };
}

const wentBack = ({ data }: BodyOf<'log.went_back'>): string =>
  `the database lost events: ${data.expected} were acknowledged, ${data.found} are there`;

function misfit(state: RunState, event: RunEvent, reason: string): RunState {
  const head = Math.max(state.head, event.seq);
  if (state.phase !== 'live') return { ...state, head };
  return { ...state, head, problem: state.problem ?? { seq: event.seq, reason, since: state.lastAt } };
}
