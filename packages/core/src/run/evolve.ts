import { type BodyOf, type DataOf, type RunEvent, text } from '@holdfast/contracts';
import { allowanceReturned, allowanceTaken, budgetReached } from './budgets.ts';
import { approversOf } from './approvers.ts';
import { callMisfit } from './call-phases.ts';
import { childEnded, childStarted, pausedBy } from './children.ts';
import { fixedBytes, grow } from './context.ts';
import { duplicateDecided, duplicateFound } from './duplicate.ts';
import { lostEngine, resumedEngine, unlost } from './engine.ts';
import { ended, resolvedAfterEnd } from './end.ts';
import { forked } from './fork.ts';
import { BEFORE } from './thread-prefix.ts';
import { spendBegin, unspent } from './limits.ts';
import { answerContent, resolvedContent, waitEndedContent } from './result-content.ts';
import { bytesOf } from './sizes.ts';
import type { LiveRun, RunState, ToolPhase } from './state.ts';
import { beginSummary, startsSummary } from './summary.ts';
import {
  answered,
  answeredSummary,
  askModel,
  changed,
  closeTool,
  cut,
  delivered,
  firstAttempt,
  interruptedModel,
  onModel,
  onTool,
  opened,
  openedModel,
  rejected,
  scheduled,
  settle,
} from './turn.ts';

/**
 * Folds one event. It never throws: an event that does not fit the state is kept as a problem of the log; then nothing
 * begins any more, and a person is asked.
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
      return event.type === 'run.created'
        ? born(state.run, state.version, event.data, event)
        : 'the run has no beginning';
    case 'live':
      return callMisfit(state, event) ?? foldLive(state, event);
    case 'ended':
      return event.type === 'tool.resolved' ? resolvedAfterEnd(state, event.data) : 'the run has ended';
  }
}

/** A run whose beginning cannot be read: it does nothing, and a person is asked. */
export function bornUnreadable({ run, version }: RunState, seq: number, at: number, reason: string): LiveRun {
  const nobody = { type: 'system', id: 'unknown', roles: [] } as const;
  const data: DataOf<'run.created'> = {
    agent: version.agent,
    version: version.number,
    version_id: version.id,
    input: [],
    limits: version.limits,
    metadata: {},
    by: { ...nobody, roles: [] },
  };
  return { ...born(run, version, data, { seq, at }), problem: { seq, reason, since: at } };
}

function born(
  run: string,
  version: LiveRun['version'],
  data: DataOf<'run.created'>,
  event: Pick<RunEvent, 'seq' | 'at'>,
): LiveRun {
  const fixed = fixedBytes(version) + bytesOf(data.input);
  const unstarted: LiveRun = {
    phase: 'live',
    run,
    version,
    head: event.seq,
    lastAt: event.at,
    createdAt: event.at,
    startAt: data.start_at ?? null,
    expiresAt: data.expires_at ?? null,
    limits: data.limits,
    agents: data.agents ?? {},
    parent: data.parent ?? null,
    startedBy: data.started_by ?? [data.by],
    thread: data.thread ?? null,
    admitted: false,
    holder: null,
    paused: false,
    stop: null,
    spent: unspent,
    limit: null,
    budgeted: false,
    allowance: null,
    shortage: null,
    turn: { at: 'answer', output: [] },
    rejected: false,
    modelSteps: 0,
    summaries: 0,
    answers: 0,
    inbox: [],
    context: { fixed, blocks: [], bytes: fixed, measured: null },
    began: [],
    problem: null,
    engine: unlost,
  };
  return askModel(unstarted);
}

function foldLive(state: LiveRun, event: RunEvent): RunState | string {
  switch (event.type) {
    case 'run.created':
      return 'the run has begun already';
    case 'run.admitted':
      return admitted(state, event.data);
    case 'run.forked':
      return forked(state, event, event.data);
    case 'run.restored':
      return state;
    case 'run.claimed':
    case 'run.taken_over':
      return { ...state, holder: event.data.worker, shortage: null };
    case 'tool.late_result':
      return state;
    case 'run.paused':
      return { ...state, paused: pausedBy(event.data.by) };
    case 'run.resumed':
      return { ...state, paused: false };
    case 'run.cancel_requested':
      return { ...state, stop: state.stop ?? { why: 'cancel', at: event.at } };
    case 'run.succeeded':
    case 'run.failed':
    case 'run.cancelled':
      return ended(state, event);
    case 'log.went_back':
      return { ...state, problem: { seq: event.seq, reason: wentBack(event), since: event.at } };

    case 'engine.lost':
      return lostEngine(state, event, event.at);
    case 'engine.resumed':
      return resumedEngine(state);

    case 'model.called': {
      const begun = startsSummary(state, event) ? beginSummary(state, event) : state;
      if (typeof begun === 'string') return begun;
      return onModel(begun, event.data.call, (call) => [
        { ...call, attempt: event.data.attempt, phase: openedModel(event) },
        { spent: spendBegin(state.spent, event.at, event.data.timeout_ms, call.attempt === 0) },
      ]);
    }
    case 'model.answered':
      return state.turn.at === 'summary' ? answeredSummary(state, event) : answered(state, event);
    case 'answer.rejected':
      return rejected(state, event);
    case 'model.interrupted':
      return interruptedModel(state, event);
    case 'model.failed': {
      const { data } = event;
      return onModel(state, data.call, (call) => [
        { ...call, failures: call.failures + 1, phase: { is: 'exhausted', since: event.at, message: data.message } },
        { spent: settle(state, event.at, data.charge) },
      ]);
    }

    case 'tool.called':
      return onTool(
        state,
        event.data.call,
        (call) => ({ ...call, attempt: event.data.attempt, phase: opened(event) }),
        {
          spent: spendBegin(state.spent, event.at, event.data.timeout_ms, firstAttempt(state, event.data.call)),
        },
      );
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
        : closeTool(state, event, { is: 'done' }, resolvedContent(event.data));
    case 'tool.not_run':
      return closeTool(state, event, { is: 'done' }, text(event.data.message));
    case 'attempt.scheduled':
      return scheduled(state, event.data);

    case 'child.started':
      return childStarted(state, event);
    case 'child.ended':
      return childEnded(state, event);

    case 'wait.began':
      return onTool(state, event.data.call, (call) => ({
        ...call,
        phase: { is: 'timer', since: event.at, until: event.data.until },
      }));
    case 'wait.ended':
      return closeTool(state, event, { is: 'done' }, waitEndedContent(event.data));
    case 'question.asked': {
      const { question, schema } = event.data;
      return onTool(state, event.data.call, (call) => ({
        ...call,
        phase: { is: 'question', since: event.at, question, schema },
      }));
    }
    case 'question.answered':
      return closeTool(state, event, { is: 'done' }, answerContent(event.data));
    case 'approval.asked': {
      const { hash, expires_at } = event.data;
      const approvers = approversOf(event.data);
      const phase: ToolPhase = { is: 'approval', hash, approvers, given: [], since: event.at, expiresAt: expires_at };
      return onTool(state, event.data.call, (call) => ({ ...call, phase }));
    }
    case 'approval.given': {
      const { by } = event.data;
      return onTool(state, event.data.call, (call) =>
        call.phase.is === 'approval' ? { ...call, phase: { ...call.phase, given: [...call.phase.given, by] } } : call,
      );
    }
    case 'approval.decided': {
      const { decision, reason } = event.data;
      const phase: ToolPhase = decision === 'approved' ? { is: 'ready' } : { is: 'denied', reason: reason ?? '' };
      return onTool(state, event.data.call, (call) => ({ ...call, phase }));
    }
    case 'approval.changed':
      return changed(state, event);

    case 'duplicate.found':
      return duplicateFound(state, event, event.data);
    case 'duplicate.decided':
      return duplicateDecided(state, event);

    case 'message.received': {
      const { id, mode, content } = event.data;
      return { ...state, inbox: [...state.inbox, { id, mode, bytes: bytesOf(content) }] };
    }
    case 'message.delivered':
      return delivered(state, event);
    case 'context.compacted':
      return cut(state, event);
    case 'limit.reached': {
      const { limit, limit_value, spent, needed } = event.data;
      if (limit === 'deadline_ms') return { ...state, stop: state.stop ?? { why: 'deadline', at: event.at } };
      return { ...state, limit: { limit, value: limit_value, spent, needed, since: event.at } };
    }
    case 'limit.raised': {
      const { limit, to } = event.data;
      return {
        ...state,
        limits: { ...state.limits, [limit]: to },
        limit: state.limit?.limit === limit ? null : state.limit,
      };
    }
    case 'budget.applied':
      return { ...state, budgeted: true };
    case 'budget.lifted':
      return { ...state, budgeted: false };
    case 'allowance.taken':
      return allowanceTaken(state, event);
    case 'allowance.returned':
      return allowanceReturned(state);
    case 'budget.noticed':
      return state;
    case 'budget.reached':
      return budgetReached(state, event, event.at);
    default:
      return `no rule knows ${JSON.stringify((event as { type: unknown }).type)}`;
  }
}

function admitted(state: LiveRun, { thread }: DataOf<'run.admitted'>): LiveRun {
  const context = thread === undefined ? state.context : grow(state.context, BEFORE, bytesOf(thread.said));
  return { ...state, admitted: true, context };
}

const wentBack = ({ data }: BodyOf<'log.went_back'>): string =>
  `the database lost events: ${data.expected} were acknowledged, ${data.found} are there`;

function misfit(state: RunState, event: RunEvent, reason: string): RunState {
  const head = Math.max(state.head, event.seq);
  if (state.phase !== 'live') return { ...state, head };
  return { ...state, head, problem: state.problem ?? { seq: event.seq, reason, since: state.lastAt } };
}
