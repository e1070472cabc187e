import type { BodyOf, EventBody } from '@holdfast/contracts';
import { chargeFor } from './charge.ts';
import { nextAttempt } from './retries.ts';
import { type LiveRun, modelCallOf, openCalls, type ModelCall, type ToolCall } from './state.ts';

/** A begun `once` call is given this long to answer after a cancel or the deadline, ms. */
export const STOP_GRACE_MS = 10_000;

export const isToolCall = (call: ModelCall | ToolCall): call is ToolCall => 'requested' in call;

export function findToolCall(state: LiveRun, id: string): ToolCall | undefined {
  return state.turn.at === 'tools' ? state.turn.calls.find((call) => call.id === id) : undefined;
}

/** The call with this open attempt, or nothing when the result is late or another's. */
export function openToolCall(state: LiveRun, id: string, attempt: number): ToolCall | undefined {
  const call = findToolCall(state, id);
  return call?.phase.is === 'open' && call.attempt === attempt ? call : undefined;
}

export function openModelCall(state: LiveRun, id: string, attempt: number): ModelCall | undefined {
  const call = modelCallOf(state.turn);
  return call?.id === id && call.phase.is === 'open' && call.attempt === attempt ? call : undefined;
}

/**
 * The tool gave no answer. A `once` call may have had its effect, so nobody calls it again: it is unknown.
 * Any other is called again with the same key.
 */
export function noAnswer(state: LiveRun, call: ToolCall, at: number, message: string): EventBody[] {
  if (call.tool === null) return [];
  if (call.tool.effect === 'once') {
    const timeoutMs = call.phase.is === 'open' ? call.phase.timeoutMs : 0;
    return [unknown(call, message, at + timeoutMs)];
  }
  const failed: BodyOf<'tool.failed'> = {
    type: 'tool.failed',
    data: { call: call.id, attempt: call.attempt, class: state.stop === null ? 'no-answer' : 'aborted', message },
  };
  return [failed, ...(state.stop === null ? nextAttempt(call, call.tool.retries, at, message) : [])];
}

/**
 * What a crash did to the calls that were under way: models, `read` and `idempotent` tools are called again at once,
 * and the crash counts as an attempt; a `once` call is unknown. `leaseUntil`: until then the old holder may still act.
 */
export function lostCalls(state: LiveRun, at: number, leaseUntil: number): EventBody[] {
  return openCalls(state).flatMap((call): EventBody[] => {
    const lost = { call: call.id, attempt: call.attempt, class: 'lost', message: 'the worker was lost' } as const;
    if (!isToolCall(call))
      return [
        { type: 'model.failed', data: { ...lost, charge: chargeFor(call, null) } },
        ...retryAfterCrash(state, call, at),
      ];
    if (call.tool?.effect !== 'once') return [{ type: 'tool.failed', data: lost }, ...retryAfterCrash(state, call, at)];
    // The old holder keeps the connection open for one more time-out, so a late answer may come until then.
    const answerBy = call.phase.is === 'open' ? call.phase.since + 2 * call.phase.timeoutMs : at;
    return [unknown(call, 'the worker was lost before the answer was recorded', Math.max(leaseUntil, answerBy, at))];
  });
}

function retryAfterCrash(state: LiveRun, call: ModelCall | ToolCall, at: number): EventBody[] {
  if (state.stop !== null) return [];
  const policy = isToolCall(call) ? (call.tool?.retries ?? state.version.retries) : state.version.retries;
  return nextAttempt(call, policy, at, 'the worker was lost', 0);
}

const unknown = (call: ToolCall, why: string, retryFrom: number): BodyOf<'tool.unknown'> => ({
  type: 'tool.unknown',
  data: { call: call.id, attempt: call.attempt, why, retry_from: retryFrom },
});
