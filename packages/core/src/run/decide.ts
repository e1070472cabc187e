import type { BodyOf, EventBody, Reservation } from '@holdfast/contracts';
import { type Action, record } from './action.ts';
import { approvalFor } from './approvals.ts';
import { giveBack, isOverdrawn, returned } from './budgets.ts';
import { builtinIntent } from './builtins.ts';
import { startChild, unbegunChildren } from './children.ts';
import { duplicateOf } from './duplicate.ts';
import { isToolCall, STOP_GRACE_MS } from './effects.ts';
import { isHalted } from './engine.ts';
import { hashOf } from './hash.ts';
import { delivery, interrupted, userSpoke } from './inbox.ts';
import { misfitOf } from './json-schema.ts';
import { limitReached, reserve, roomOf } from './limits.ts';
import { modelActions } from './model-call.ts';
import { conclusion } from './output.ts';
import { noPrices, type PriceList } from './price-list.ts';
import { deadlineOf, isEarly } from './start.ts';
import { childrenOf, type LiveRun, openCalls, type RunState, type ToolCall } from './state.ts';

/**
 * The actions that may start now, each with its intent. Nothing is repeated: once the intents are folded, only what
 * follows from them is returned. `now` is ms since 1970 by the database's clock; `prices`: as they stand then.
 */
export function decide(state: RunState, now: number, prices: PriceList = noPrices): Action[] {
  if (state.phase !== 'live') return [];
  if (state.allowance !== null && isOverdrawn(state)) return [record(returned(state, state.allowance))];
  const actions = nextActions(state, now, prices);
  return actions.length > 0 ? actions : giveBack(state);
}

function nextActions(state: LiveRun, now: number, prices: PriceList): Action[] {
  if (state.stop !== null) return stopping(state, now);
  if (now >= deadlineOf(state)) return [record(deadlinePassed(state, now))];
  if (isHalted(state) || isEarly(state, now)) return [];
  switch (state.turn.at) {
    case 'model':
    case 'summary':
      return modelActions(state, state.turn, now, prices);
    case 'tools':
      return toolActions(state, state.turn.calls, now);
    case 'answer':
      // A run cannot succeed with an undelivered message.
      return [record(state.inbox.length > 0 ? delivery(state) : conclusion(state, state.turn.output))];
  }
}

/** Calls of one answer run side by side: each is looked at, and each takes its room before the next. */
function toolActions(state: LiveRun, calls: readonly ToolCall[], now: number): Action[] {
  const actions: Action[] = [];
  let room = roomOf(state, now);
  let limited = state.limit !== null;
  for (const call of calls) {
    const action = toolAction(state, call, now);
    if (action === null) continue;
    if (action !== 'call') {
      actions.push(record(action));
      continue;
    }
    if (limited || call.tool === null) continue;
    if (call.tool.source.type === 'agent') {
      const begun = startChild(state, call, call.tool.source.agent, room, unbegunChildren(calls, actions), now);
      actions.push(record(begun.intent));
      limited = begun.limited;
      room = begun.room;
      continue;
    }
    const intent = toolIntent(state, call, call.tool);
    const reserved = reserve(room, { ...intent.data.reservation, steps: call.attempt === 0 ? 1 : 0 }, now);
    if ('reached' in reserved) {
      limited = true;
      actions.push(record(limitReached(reserved.reached)));
      continue;
    }
    room = reserved.room;
    actions.push({ do: 'call-tool', intent });
  }
  return actions;
}

/** What happens to one call now: an event, the call itself, or nothing. */
function toolAction(state: LiveRun, call: ToolCall, now: number): EventBody | 'call' | null {
  const { phase } = call;
  switch (phase.is) {
    case 'new':
      return firstLook(state, call, now);
    case 'duplicate':
      return userSpoke(state) ? userSpokeFirst(call) : null;
    case 'approval':
      if (userSpoke(state)) return userSpokeFirst(call);
      if (phase.expiresAt === null || now < phase.expiresAt) return null;
      return {
        type: 'approval.decided',
        data: {
          call: call.id,
          hash: phase.hash,
          decision: 'denied',
          by: { type: 'system', id: 'expiry', roles: [] },
          reason: 'nobody decided in time',
        },
      };
    case 'denied':
      return notRun(call, 'denied', `This call was denied${phase.reason === '' ? '.' : `: ${phase.reason}`}`);
    case 'ready':
      return call.attempt === 0 && userSpoke(state) ? userSpokeFirst(call) : 'call';
    case 'scheduled':
      return now >= phase.at ? 'call' : null;
    case 'timer':
      if (now >= phase.until) return { type: 'wait.ended', data: { call: call.id, by: 'timer' } };
      return interrupted(state) ? { type: 'wait.ended', data: { call: call.id, by: 'message' } } : null;
    case 'question':
      return interrupted(state) ? userSpokeFirst(call) : null;
    case 'open':
    case 'exhausted':
    case 'unknown':
    case 'changed':
    case 'child':
    case 'done':
      return null;
  }
}

function firstLook(state: LiveRun, call: ToolCall, now: number): EventBody | 'call' {
  if (userSpoke(state)) return userSpokeFirst(call);
  if (call.tool === null)
    return notRun(call, 'unknown-tool', `There is no tool named ${JSON.stringify(call.requested.name)}.`);
  if (call.requested.invalid !== undefined)
    return notRun(call, 'invalid-arguments', 'The arguments are not a plain JSON object.');
  const misfit = misfitOf(call.tool.input_schema, call.requested.arguments);
  if (misfit !== null) return notRun(call, 'invalid-arguments', misfit);
  return duplicateOf(state, call, call.tool) ?? approvalFor(call, call.tool, now) ?? builtinIntent(call, now) ?? 'call';
}

function toolIntent(state: LiveRun, call: ToolCall, tool: NonNullable<ToolCall['tool']>): BodyOf<'tool.called'> {
  const reservation: Reservation = { tokens: 0, cost_usd_micros: 0, active_ms: tool.retries.timeout };
  return {
    type: 'tool.called',
    data: {
      call: call.id,
      attempt: call.attempt + 1,
      name: tool.name,
      effect: tool.effect,
      key: `${state.run}.${call.id}`,
      arguments_hash: hashOf(call.requested.arguments),
      timeout_ms: tool.retries.timeout,
      reservation,
    },
  };
}

/** Cancel and deadline: begun calls are ended or given their grace, children end, then the end is written. */
function stopping(state: LiveRun, now: number): Action[] {
  const stop = state.stop;
  if (stop === null) return [];
  const graceOver = now >= stop.at + STOP_GRACE_MS;
  const open = openCalls(state);
  if (open.length > 0)
    return open.flatMap((call): Action[] => {
      // A `once` call that has begun goes on for its grace; one that has not must not begin any more.
      if (!isToolCall(call) || call.tool?.effect !== 'once' || !graceOver) return [{ do: 'abort', call: call.id }];
      const why = 'no answer within the grace after the stop';
      return [record({ type: 'tool.unknown', data: { call: call.id, attempt: call.attempt, why, retry_from: now } })];
    });
  // They are told beside the log, and each says when it has ended.
  if (childrenOf(state).length > 0) return [];
  const unresolved =
    state.turn.at === 'tools'
      ? state.turn.calls.filter((call) => call.phase.is === 'unknown').map((call) => call.id)
      : [];
  return [
    record(
      stop.why === 'cancel'
        ? { type: 'run.cancelled', data: { unresolved } }
        : {
            type: 'run.failed',
            data: { code: 'deadline_exceeded', detail: 'The run did not end before its deadline.', unresolved },
          },
    ),
  ];
}

const deadlinePassed = (state: LiveRun, now: number): BodyOf<'limit.reached'> => ({
  type: 'limit.reached',
  data: {
    limit: 'deadline_ms',
    limit_value: state.limits.deadline_ms,
    spent: now - deadlineOf(state) + state.limits.deadline_ms,
    needed: 0,
  },
});

const userSpokeFirst = (call: ToolCall): EventBody => notRun(call, 'user-spoke', 'Not run: the user spoke first.');

const notRun = (call: ToolCall, why: BodyOf<'tool.not_run'>['data']['why'], message: string): EventBody => ({
  type: 'tool.not_run',
  data: { call: call.id, why, message },
});
