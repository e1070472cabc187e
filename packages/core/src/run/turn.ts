import type { BodyOf, Charge, DataOf, RunEvent } from '@holdfast/contracts';
import { compacted, grow } from './context.ts';
import { spendEnd } from './limits.ts';
import { rejection } from './output.ts';
import { isKept } from './requested-calls.ts';
import { bytesOf } from './sizes.ts';
import { type LiveRun, type ModelCall, modelCallOf, openCalls, type ToolCall, type ToolPhase } from './state.ts';
import { afterSummary, summaryContent } from './summary.ts';

export function answered(state: LiveRun, event: RunEvent & BodyOf<'model.answered'>): LiveRun | string {
  const { data } = event;
  return onModel(
    state,
    data.call,
    (call) => {
      const measured =
        data.usage === null ? state.context.measured : { tokens: data.usage.input_tokens, bytes: state.context.bytes };
      const context = grow({ ...state.context, measured }, event.seq, bytesOf([data.content, data.tool_calls]));
      return [
        call,
        { spent: { ...settle(state, event.at, data.charge), childMs: 0 }, context, answers: state.answers + 1 },
      ];
    },
    (next) => {
      if (data.tool_calls.length === 0) return { ...next, turn: { at: 'answer', output: data.content } };
      const calls = data.tool_calls.map((requested, index): ToolCall => ({
        id: `${event.seq}.${index}`,
        attempt: 0,
        burned: 0,
        requested,
        editors: [],
        tool: state.version.tools.find((tool) => tool.name === requested.name) ?? null,
        phase: { is: 'new' },
      }));
      return { ...next, turn: { at: 'tools', calls } };
    },
  );
}

/** The summary itself comes with the event that follows: the prompt that it was made of is not the next one. */
export const answeredSummary = (state: LiveRun, { at, data }: RunEvent & BodyOf<'model.answered'>): LiveRun | string =>
  onModel(state, data.call, (call) => [call, { spent: settle(state, at, data.charge) }], afterSummary);

export function interruptedModel(state: LiveRun, event: RunEvent & BodyOf<'model.interrupted'>): LiveRun | string {
  const { call: id, content, charge } = event.data;
  const spent = settle(state, event.at, charge);
  return state.turn.at === 'summary'
    ? onModel(state, id, (call) => [call, { spent }], afterSummary)
    : onModel(state, id, (call) => [call, { spent, context: growBy(state, event.seq, content) }], askModel);
}

export function cut(state: LiveRun, { data }: BodyOf<'context.compacted'>): LiveRun | string {
  if (openCalls(state).length > 0) return 'what a call was shown is dropped';
  const summaryBytes = data.summary === undefined ? 0 : bytesOf(summaryContent(data.summary));
  return afterSummary({ ...state, context: compacted(state.context, data.kept_from, summaryBytes) });
}

export function delivered(state: LiveRun, event: RunEvent & BodyOf<'message.delivered'>): LiveRun | string {
  const { ids } = event.data;
  const messages = state.inbox.filter((message) => ids.includes(message.id));
  if (messages.length !== ids.length) return 'a message that was not received is delivered';
  const bytes = messages.reduce((sum, message) => sum + message.bytes, 0);
  const next: LiveRun = {
    ...state,
    inbox: state.inbox.filter((message) => !ids.includes(message.id)),
    context: grow(state.context, event.seq, bytes),
    rejected: false,
  };
  return state.turn.at === 'answer' ? askModel(next) : next;
}

/** The model gets one more try. */
export const rejected = (state: LiveRun, { seq, data }: RunEvent & BodyOf<'answer.rejected'>): LiveRun | string =>
  state.turn.at === 'answer'
    ? askModel({ ...state, rejected: true, context: growBy(state, seq, rejection(data)) })
    : 'no answer waits to be judged';

export function scheduled(state: LiveRun, data: DataOf<'attempt.scheduled'>): LiveRun | string {
  const burned = (call: { burned: number }): number => (data.by !== undefined ? 0 : call.burned + (data.burns ? 1 : 0));
  const phase = { is: 'scheduled', at: data.at } as const;
  return modelCallOf(state.turn) !== null
    ? onModel(state, data.call, (call) => [
        { ...call, burned: burned(call), failures: data.by === undefined ? call.failures : 0, phase },
        {},
      ])
    : onTool(state, data.call, (call) => ({ ...call, burned: burned(call), phase }));
}

/** The next step of the model. */
export function askModel(state: LiveRun): LiveRun {
  const modelSteps = state.modelSteps + 1;
  return {
    ...state,
    modelSteps,
    turn: { at: 'model', call: { id: `m${modelSteps}`, attempt: 0, burned: 0, failures: 0, phase: { is: 'ready' } } },
  };
}

type Changes = Partial<Pick<LiveRun, 'spent' | 'context' | 'answers'>>;

export function onModel(
  state: LiveRun,
  id: string,
  change: (call: ModelCall) => readonly [ModelCall, Changes],
  then: (state: LiveRun) => LiveRun = (next) => next,
): LiveRun | string {
  const { turn } = state;
  if ((turn.at !== 'model' && turn.at !== 'summary') || turn.call.id !== id) return `no model call ${id} is under way`;
  const [call, changes] = change(turn.call);
  return then({ ...state, ...changes, turn: { ...turn, call } });
}

export function onTool(
  state: LiveRun,
  id: string,
  change: (call: ToolCall) => ToolCall,
  changes: Changes = {},
): LiveRun | string {
  if (state.turn.at !== 'tools') return `no tool call ${id} is known`;
  const { calls } = state.turn;
  if (!calls.some((call) => call.id === id && call.phase.is !== 'done')) return `no tool call ${id} is under way`;
  return {
    ...state,
    ...changes,
    turn: { at: 'tools', calls: calls.map((call) => (call.id === id ? change(call) : call)) },
  };
}

/** A call leaves its phase; with the last one done, the model is asked again. */
export function closeTool(
  state: LiveRun,
  event: RunEvent & { data: { call: string } },
  phase: ToolPhase,
  result?: unknown,
): LiveRun | string {
  const wasOpen =
    state.turn.at === 'tools' &&
    state.turn.calls.some((call) => call.id === event.data.call && call.phase.is === 'open');
  const changes: Changes = {
    ...(wasOpen ? { spent: settle(state, event.at, null) } : {}),
    ...(result === undefined ? {} : { context: growBlock(state, bytesOf(result)) }),
  };
  const next = onTool(state, event.data.call, (call) => ({ ...call, phase }), changes);
  if (typeof next === 'string' || next.turn.at !== 'tools') return next;
  return next.turn.calls.every((call) => call.phase.is === 'done') ? askModel(next) : next;
}

/** The open question is about arguments that nobody wants any more: the call is looked at anew. */
export function changed(state: LiveRun, { data }: RunEvent & BodyOf<'approval.changed'>): LiveRun | string {
  // Nobody could have written it; and it could not be hashed for the next question.
  if (!isKept(data.arguments)) return 'the changed arguments cannot be kept exactly';
  const change = (call: ToolCall): ToolCall => ({
    ...call,
    requested: { ...call.requested, arguments: data.arguments },
    editors: [...call.editors, data.by],
    phase: { is: 'new' },
  });
  // What is no longer shown still counts, so that the bound of the prompt stays one.
  return onTool(state, data.call, change, { context: growBlock(state, bytesOf(data.arguments)) });
}

export const opened = ({ at, data }: RunEvent & BodyOf<'model.called' | 'tool.called'>) =>
  ({ is: 'open', since: at, timeoutMs: data.timeout_ms, reservation: data.reservation }) as const;

export const openedModel = (event: RunEvent & BodyOf<'model.called'>) =>
  ({
    ...opened(event),
    model: event.data.model,
    prices: event.data.prices,
    priceVersion: event.data.price_version,
  }) as const;

export const firstAttempt = (state: LiveRun, id: string): boolean =>
  state.turn.at === 'tools' && state.turn.calls.some((call) => call.id === id && call.attempt === 0);

/** `charge` null: the call used nothing. */
export const settle = (state: LiveRun, at: number, charge: Charge | null) =>
  spendEnd(
    state.spent,
    at,
    { tokens: charge?.tokens ?? 0, costUsdMicros: charge?.cost_usd_micros ?? 0 },
    openCalls(state).length === 1,
  );

export const growBy = (state: LiveRun, seq: number, value: unknown) => grow(state.context, seq, bytesOf(value));

/** Results of tool calls belong to the block of the answer that asked for them, which is the newest. */
const growBlock = (state: LiveRun, bytes: number) =>
  grow(state.context, state.context.blocks.at(-1)?.seq ?? state.head, bytes);
