import type { DataOf, EventBody } from '@holdfast/contracts';
import { applyBudgets, findBudgets, takeAllowance } from './budgets.ts';
import type { Command, OutsideCommand } from './command.ts';
import { decideDuplicate } from './duplicate.ts';
import { agentsOf, endChild } from './children.ts';
import { lostCalls, noAnswer, openToolCall } from './effects.ts';
import { engineLost, resumeEngine } from './engine.ts';
import { events, type Handled, refuse, stale } from './handled.ts';
import { fork } from './fork.ts';
import { lateResult } from './late-result.ts';
import { answerQuestion, changeArguments, decideApproval, raiseLimit, resolveCall, resolveEffect } from './people.ts';
import { modelAborted, modelAnswered, modelFailed } from './model-outcome.ts';
import { nextAttempt } from './retries.ts';
import { expire, expired, hasExpired } from './start.ts';
import type { LiveRun, RunState } from './state.ts';

/** The one way in: everything that happens to a run is a command. */
export function handle(state: RunState, command: Command): Handled {
  switch (state.phase) {
    case 'unborn':
      return command.type === 'create'
        ? create(state.version, command)
        : refuse('not_created', 'The run does not exist yet.');
    case 'ended':
      return afterEnd(state, command);
    case 'live':
      return live(state, command);
  }
}

function live(state: LiveRun, command: Command): Handled {
  switch (command.type) {
    case 'create':
      return refuse('already_created', 'The run exists already.');

    case 'fork':
      return fork(state, command);

    case 'send_message': {
      if (state.stop !== null) return refuse('run_stopping', 'The run is being stopped; it takes no more messages.');
      const { id, mode, content, by } = command;
      return events({ type: 'message.received', data: { id, mode, content, by } });
    }
    case 'decide_approval':
      return decideApproval(state, command);
    case 'decide_duplicate':
      return decideDuplicate(state, command);
    case 'change_arguments':
      return changeArguments(state, command);
    case 'answer_question':
      return answerQuestion(state, command);
    case 'resolve_effect':
      return resolveEffect(state, command);
    case 'resolve_call':
      return resolveCall(state, command);
    case 'raise_limit':
      return raiseLimit(state, command);
    case 'resume_engine':
      return resumeEngine(state, command);
    case 'pause': {
      if (state.stop !== null) return refuse('run_stopping', 'The run is being stopped; nothing new begins anyway.');
      if (state.paused) return refuse('run_already_paused', 'The run is paused already.');
      return events({ type: 'run.paused', data: { by: command.by, ...because(command.reason) } });
    }
    case 'resume':
      if (!state.paused) return refuse('run_not_paused', 'The run is not paused.');
      return events({ type: 'run.resumed', data: { by: command.by } });
    case 'cancel':
      if (state.stop !== null) return refuse('run_stopping', 'The run is being stopped already.');
      return cancel(state, command);

    case 'expire':
      return expire(state, command);
    case 'claim':
      if (hasExpired(state, command.at)) return events(expired);
      return events(
        ...(state.admitted ? [] : [{ type: 'run.admitted', data: saidBefore(command.thread) } as const]),
        { type: 'run.claimed', data: { worker: command.worker } },
        ...findBudgets(state, command.budgeted),
        ...lostCalls(state, command.at, command.at),
      );
    case 'take_over': {
      const { worker, from, why, lease_until } = command;
      return events(
        { type: 'run.taken_over', data: { worker, from, why, lease_until } },
        ...findBudgets(state, command.budgeted),
        ...lostCalls(state, command.at, lease_until),
      );
    }
    case 'log_went_back': {
      const { expected, found } = command;
      return events({ type: 'log.went_back', data: { expected, found } }, ...lostCalls(state, command.at, command.at));
    }

    case 'restore':
      return events(
        { type: 'run.restored', data: {} },
        ...lostCalls(state, command.at, command.at),
        ...(state.paused === false && state.stop === null ? [restoredPause] : []),
      );

    case 'budget_applies':
      return applyBudgets(state);
    case 'allowance_offered':
      return takeAllowance(state, command);

    case 'engine_lost':
      return engineLost(state, command);

    case 'model_answered':
      return modelAnswered(state, command);
    case 'model_failed':
      return modelFailed(state, command);
    case 'model_aborted':
      return modelAborted(state, command);

    case 'tool_answered': {
      const call = openToolCall(state, command.call, command.attempt);
      if (call === undefined) return stale(command);
      const { attempt, content, isError, artifacts } = command;
      const files = artifacts === undefined ? {} : { artifacts: [...artifacts] };
      return events({ type: 'tool.returned', data: { call: call.id, attempt, content, is_error: isError, ...files } });
    }
    case 'tool_not_sent': {
      const call = openToolCall(state, command.call, command.attempt);
      if (call?.tool == null) return stale(command);
      const { attempt, message, at } = command;
      return events(
        { type: 'tool.failed', data: { call: call.id, attempt, class: 'not-sent', message } },
        ...(state.stop === null ? nextAttempt(call, call.tool.retries, at, message) : []),
      );
    }
    case 'tool_no_answer': {
      const call = openToolCall(state, command.call, command.attempt);
      if (call === undefined) return stale(command);
      return { events: noAnswer(state, call, command.at, command.message) };
    }
    case 'tool_changed': {
      const call = openToolCall(state, command.call, command.attempt);
      if (call?.tool == null) return stale(command);
      const { attempt, found } = command;
      return events({ type: 'tool.changed', data: { call: call.id, attempt, expected: call.tool.hash, found } });
    }
    case 'tool_late_result':
      return lateResult(state, command);
    case 'child_ended':
      return endChild(state, command);
  }
}

function afterEnd(state: Extract<RunState, { phase: 'ended' }>, command: Command): Handled {
  if (command.type === 'resolve_effect') return resolveEffect(state, command);
  if (command.type === 'tool_late_result') return lateResult(state, command);
  return refuse('run_ended', `The run has ended (${state.status}).`);
}

function create(version: RunState['version'], command: Extract<OutsideCommand, { type: 'create' }>): Handled {
  return events({
    type: 'run.created',
    data: {
      agent: version.agent,
      version: version.number,
      version_id: version.id,
      input: command.input,
      limits: { ...version.limits, ...command.limits },
      metadata: { ...command.metadata },
      ...agentsOf(command),
      ...(command.thread === undefined ? {} : { thread: command.thread }),
      ...(command.parent === undefined ? {} : { parent: command.parent }),
      ...(command.startedBy === undefined ? {} : { started_by: [...command.startedBy] }),
      ...(command.startAt === undefined ? {} : { start_at: command.startAt }),
      ...(command.expiresAt === undefined ? {} : { expires_at: command.expiresAt }),
      by: command.by,
    },
  });
}

/** A run that waits for its turn in a thread has nothing to wait for any more: no worker is needed to end it. */
function cancel(state: LiveRun, { by, reason }: Extract<OutsideCommand, { type: 'cancel' }>): Handled {
  const requested: EventBody = { type: 'run.cancel_requested', data: { by, ...because(reason) } };
  if (state.thread === null || state.admitted) return events(requested);
  return events(requested, { type: 'run.cancelled', data: { unresolved: [] } });
}

/** Its `reason`. */
const RESTORED = 'the database was restored: what the run did after that moment may be done again';

/** What it did after that moment may be done again: a person looks before it goes on. */
const restoredPause: EventBody = {
  type: 'run.paused',
  data: { by: { type: 'system', id: 'restore', roles: [] }, reason: RESTORED },
};

const saidBefore = (thread: DataOf<'run.admitted'>['thread']): DataOf<'run.admitted'> =>
  thread === undefined ? {} : { thread };

const because = (reason: string | undefined): { reason?: string } => (reason === undefined ? {} : { reason });
