import { type Attention, attentionOf, nextTime } from '../run/attention.ts';
import { decide } from '../run/decide.ts';
import { isHalted } from '../run/engine.ts';
import { isEarly } from '../run/start.ts';
import { callsOf, childrenOf, openCalls, type LiveRun, type RunState } from '../run/state.ts';
import type { ArtifactRow, AttentionRow, OutboxEntry, Projection, RunStatus, WaitingFor } from './run-store.ts';

/** What the database keeps beside the log, derived from the state before and after an append. */
export function project(
  before: RunState,
  after: RunState,
  now: number,
  artifacts: readonly ArtifactRow[] = [],
): Projection {
  const old = new Map(attentionOf(before).map((attention) => [keyOf(attention), attention]));
  const open = attentionOf(after);
  const openRefs = new Set(open.map((attention) => attention.ref));
  const openKeys = new Set(open.map(keyOf));
  return {
    status: statusOf(after),
    waitingFor: waitingFor(after, now),
    dueAt:
      triesAgain(before, after) || decide(after, now).some((action) => action.do !== 'abort') ? now : nextTime(after),
    attention: {
      // A problem of the log was found while folding, so no append has opened it yet.
      opened: open.filter((attention) => attention.kind === 'log-problem' || !old.has(keyOf(attention))).map(row),
      // A ref that is open again for another reason is overwritten, not closed.
      closed: [...old]
        .filter(([key, attention]) => !openKeys.has(key) && !openRefs.has(attention.ref))
        .map(([, attention]) => attention.ref),
    },
    artifacts,
    outbox: [...expiry(before, after), ...leftFor(before, after, now)],
    limits: before.phase === 'live' && after.phase === 'live' && before.limits !== after.limits ? after.limits : null,
    passesOn: before.phase === 'live' && after.phase === 'ended' && after.thread !== null,
  };
}

/**
 * Somebody outside has spoken to a run that waits for a budget. It may have been woken for room, which this append would
 * undo, and nothing in the log tells: so it tries again.
 */
const triesAgain = (before: RunState, after: RunState): boolean =>
  before.phase === 'live' &&
  after.phase === 'live' &&
  after.shortage !== null &&
  after.shortage === before.shortage &&
  !isHalted(after);

/** A question about other arguments is another one, even in the same millisecond; and so is one that somebody agreed to. */
const keyOf = ({ ref, kind, since, detail }: Attention): string =>
  JSON.stringify([ref, kind, since, detail['hash'], detail['approved_by']]);

const row = ({ detail, ...attention }: Attention): AttentionRow => ({ ...attention, detail: JSON.stringify(detail) });

export function statusOf(state: RunState): RunStatus {
  if (state.phase === 'unborn') return 'queued';
  if (state.phase === 'ended') return state.status;
  if (!state.admitted) return state.paused ? 'paused' : 'queued';
  if (openCalls(state).length > 0) return 'running';
  return state.paused ? 'paused' : 'waiting';
}

export function waitingFor(state: RunState, now: number): WaitingFor[] {
  if (state.phase !== 'live' || openCalls(state).length > 0) return [];
  const reasons = [
    ...(state.problem === null && state.engine.problem === null ? timers(state, now) : []),
    ...children(state),
    ...budget(state),
    ...people(state),
  ];
  if (reasons.length > 0 || state.paused) return reasons;
  // It could go on, or has not begun: it waits for a worker.
  const reason = state.thread !== null && !state.admitted ? 'thread' : 'capacity';
  return [{ reason, since: state.lastAt === 0 ? now : state.lastAt, until: null, ref: null }];
}

function timers(state: LiveRun, now: number): WaitingFor[] {
  if (isEarly(state, now)) return [{ reason: 'timer', since: state.createdAt, until: state.startAt, ref: null }];
  return callsOf(state.turn).flatMap(({ id, phase }): WaitingFor[] => {
    if (phase.is === 'timer') return [{ reason: 'timer', since: phase.since, until: phase.until, ref: id }];
    // Where there is no room its time has come and does not matter.
    if (phase.is === 'scheduled' && state.limit === null && state.shortage === null)
      return [{ reason: 'timer', since: state.lastAt, until: phase.at, ref: id }];
    return [];
  });
}

const children = (state: LiveRun): WaitingFor[] =>
  childrenOf(state).map(({ phase }) => ({ reason: 'child', since: phase.since, until: null, ref: phase.run }));

/** Its next window comes by itself; a person may raise it before. */
const budget = ({ shortage }: LiveRun): WaitingFor[] =>
  shortage === null
    ? []
    : [{ reason: 'budget', since: shortage.since, until: shortage.window.ends_at, ref: shortage.window.name }];

const people = (state: LiveRun): WaitingFor[] =>
  attentionOf(state)
    .filter(({ kind }) => kind !== 'budget')
    .map(({ kind, since, until, ref }) => ({
      reason: kind === 'question' ? 'input' : 'attention',
      since,
      until,
      ref,
    }));

/** Written with the first event; by then nobody may have begun the run. */
const expiry = (before: RunState, after: RunState): OutboxEntry[] =>
  before.phase === 'unborn' && after.phase === 'live' && after.expiresAt !== null
    ? [{ kind: 'expiry', subject: after.run, at: after.expiresAt }]
    : [];

/** A run that ends has its parent told; a run that stops, pauses or resumes has its children told. */
function leftFor(before: RunState, after: RunState, now: number): OutboxEntry[] {
  const about = (subject: string): OutboxEntry => ({ kind: 'child', subject, at: now });
  if (after.phase === 'ended') return before.phase === 'live' && after.parent !== null ? [about(after.run)] : [];
  if (before.phase !== 'live' || after.phase !== 'live') return [];
  const same = before.paused === after.paused && (before.stop === null) === (after.stop === null);
  return same ? [] : childrenOf(after).map(({ phase }) => about(phase.run));
}
