import type { BodyOf, EventBody } from '@holdfast/contracts';
import type { CommandOf } from './command.ts';
import { chargeFor } from './charge.ts';
import { openModelCall } from './effects.ts';
import { events, type Handled, stale } from './handled.ts';
import { isFallbackNext } from './models.ts';
import { keepable } from './requested-calls.ts';
import { nextAttempt } from './retries.ts';
import type { LiveRun } from './state.ts';
import { droppedInstead, summarised } from './summary.ts';

export function modelAnswered(state: LiveRun, command: CommandOf<'model_answered'>): Handled {
  const call = openModelCall(state, command.call, command.attempt);
  if (call === undefined) return stale(command);
  const { attempt, content, toolCalls, usage, finishReason, model } = command;
  const summary = state.turn.at === 'summary' ? state.turn : null;
  const answered: EventBody = {
    type: 'model.answered',
    data: {
      call: call.id,
      attempt,
      purpose: summary === null ? 'answer' : 'summary',
      content,
      // Whoever was asked for a summary has no tools to call.
      tool_calls: summary === null ? toolCalls.map(keepable) : [],
      usage,
      charge: chargeFor(call, usage),
      finish_reason: finishReason,
      model,
    },
  };
  return summary === null ? events(answered) : events(answered, summarised(state, summary, content));
}

export function modelAborted(state: LiveRun, command: CommandOf<'model_aborted'>): Handled {
  const call = openModelCall(state, command.call, command.attempt);
  if (call === undefined) return stale(command);
  const why = state.stop === null ? 'message' : state.stop.why;
  // Half a summary is of no use.
  const content = state.turn.at === 'summary' ? [] : command.content;
  const { attempt } = command;
  return events({
    type: 'model.interrupted',
    data: { call: call.id, attempt, content, why, charge: chargeFor(call, null) },
  });
}

export function modelFailed(state: LiveRun, command: CommandOf<'model_failed'>): Handled {
  const call = openModelCall(state, command.call, command.attempt);
  if (call === undefined) return stale(command);
  const { attempt, message, at, retryAfterMs } = command;
  // A refused request used nothing; of any other nobody knows.
  const free = command.class === 'not-sent' || command.class === 'rate-limited';
  const failed: EventBody = {
    type: 'model.failed',
    data: { call: call.id, attempt, class: command.class, message, charge: free ? null : chargeFor(call, null) },
  };
  if (state.stop !== null) return events(failed);
  if (command.class === 'permanent') return events(failed, forGood(state, message));
  const { first } = state.version.retries;
  if (command.class === 'rate-limited' && retryAfterMs !== undefined)
    return events(failed, {
      type: 'attempt.scheduled',
      data: {
        call: call.id,
        attempt: attempt + 1,
        // It is this model that wants to be left alone, not the next.
        at: at + (isFallbackNext(state.version, call) ? first : Math.max(Math.ceil(retryAfterMs), first)),
        reason: message,
        burns: false,
      },
    });
  return events(failed, ...nextAttempt(call, state.version.retries, at, message));
}

/** A run cannot go on without an answer, but without a summary. */
const forGood = (state: LiveRun, detail: string): BodyOf<'run.failed'> | BodyOf<'context.compacted'> =>
  state.turn.at === 'summary'
    ? droppedInstead(state, state.turn)
    : { type: 'run.failed', data: { code: 'model_failed', detail, unresolved: [] } };
