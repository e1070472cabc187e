import { barred, personOf } from './approvers.ts';
import { begunBy } from './duplicate.ts';
import { isToolCall, STOP_GRACE_MS } from './effects.ts';
import { isHalted } from './engine.ts';
import { deadlineOf, isEarly } from './start.ts';
import { callsOf, type EndedRun, type LiveRun, modelCallOf, openCalls, type RunState, type ToolCall } from './state.ts';

/** Something that needs a person. `ref` names it within the run for as long as it is open. */
export interface Attention {
  readonly ref: string;
  readonly kind:
    | 'approval'
    | 'question'
    | 'limit'
    | 'unknown-effect'
    | 'tool-changed'
    | 'attempts-exhausted'
    | 'duplicate-after-fork'
    | 'log-problem'
    | 'engine-problem'
    | 'budget';
  readonly call: string | null;
  /** Who may decide; null = whoever may steer runs. */
  readonly role: string | null;
  /** Ids of members and keys that may decide, too, or alone where `role` is null; left out: nobody is named. */
  readonly approvers?: readonly string[];
  /** Ids of those who may not approve, or have done so. */
  readonly barred?: readonly string[];
  readonly since: number;
  readonly until: number | null;
  /** What the person needs to see. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export function attentionOf(state: RunState): readonly Attention[] {
  switch (state.phase) {
    case 'unborn':
      return [];
    case 'ended':
      return state.unknown.map(unknownAfterEnd);
    case 'live':
      return live(state);
  }
}

function live(state: LiveRun): Attention[] {
  const found: Attention[] = [];
  if (state.problem !== null) {
    const { seq, reason, since } = state.problem;
    found.push({
      ref: 'log',
      kind: 'log-problem',
      call: null,
      role: null,
      since,
      until: null,
      detail: { seq, reason },
    });
  }
  const { turn, limit, stop } = state;
  if (turn.at === 'tools') for (const call of turn.calls) found.push(...ofTool(state, call, stop !== null));
  if (stop !== null) return found;
  if (state.engine.problem !== null) {
    const { execution, how, since } = state.engine.problem;
    found.push({
      ref: 'engine',
      kind: 'engine-problem',
      call: null,
      role: null,
      since,
      until: null,
      detail: { execution, how },
    });
  }
  if (limit !== null) {
    const { value, spent, needed, since } = limit;
    found.push({
      ref: 'limit',
      kind: 'limit',
      call: null,
      role: null,
      since,
      until: null,
      detail: { limit: limit.limit, value, spent, needed },
    });
  }
  if (state.shortage !== null) {
    const { window, since, ...detail } = state.shortage;
    found.push({
      ref: 'budget',
      kind: 'budget',
      call: null,
      role: null,
      since,
      until: window.ends_at,
      detail: { budget: window.name, level: window.level, ...detail },
    });
  }
  const call = modelCallOf(turn);
  if (call?.phase.is === 'exhausted') {
    const { since, message } = call.phase;
    found.push({
      ref: call.id,
      kind: 'attempts-exhausted',
      call: call.id,
      role: null,
      since,
      until: null,
      detail: { message },
    });
  }
  return found;
}

/** A run that is being stopped waits only for effects of which nobody knows. */
function ofTool(state: LiveRun, call: ToolCall, stopping: boolean): Attention[] {
  const { id, phase, requested } = call;
  const about = { ref: id, call: id, role: null, until: null };
  const detail = { tool: requested.name, arguments: requested.arguments };
  if (phase.is === 'unknown')
    return [
      {
        ...about,
        kind: 'unknown-effect',
        since: phase.since,
        detail: { ...detail, why: phase.why, retry_from: phase.retryFrom },
      },
    ];
  if (stopping) return [];
  switch (phase.is) {
    case 'approval': {
      const { hash, approvers, given, since, expiresAt } = phase;
      const { role, named, count, fourEyes } = approvers;
      const not = barred(approvers, [...state.startedBy, ...call.editors], given);
      const asked = {
        hash,
        count,
        four_eyes: fourEyes,
        approved_by: given.map(({ type, id: who }) => ({ type, id: who })),
      };
      return [
        {
          ...about,
          kind: 'approval',
          role,
          ...(named.length === 0 ? {} : { approvers: named }),
          ...(not.length === 0 ? {} : { barred: not.map(personOf) }),
          since,
          until: expiresAt,
          detail: { ...detail, ...asked },
        },
      ];
    }
    case 'question':
      return [
        { ...about, kind: 'question', since: phase.since, detail: { question: phase.question, schema: phase.schema } },
      ];
    case 'duplicate': {
      const { since, key } = phase;
      const result = begunBy(state, key)?.result ?? null;
      return [{ ...about, kind: 'duplicate-after-fork', since, detail: { ...detail, key, result } }];
    }
    case 'exhausted':
      return [
        { ...about, kind: 'attempts-exhausted', since: phase.since, detail: { ...detail, message: phase.message } },
      ];
    case 'changed':
      return [
        {
          ...about,
          kind: 'tool-changed',
          since: phase.since,
          detail: { ...detail, expected: call.tool?.hash, found: phase.found },
        },
      ];
    default:
      return [];
  }
}

const unknownAfterEnd = ({ id, name, since, why }: EndedRun['unknown'][number]): Attention => ({
  ref: id,
  kind: 'unknown-effect',
  call: id,
  role: null,
  since,
  until: null,
  detail: { tool: name, why },
});

/**
 * When a rule will have something to do because time passed, ms since 1970; null = never. A time at which no rule acts
 * must not be named: whoever waits for it would wake at once, for ever.
 */
export function nextTime(state: RunState): number | null {
  if (state.phase !== 'live') return null;
  if (state.stop !== null) {
    const graced = openCalls(state).some((call) => isToolCall(call) && call.tool?.effect === 'once');
    return graced ? state.stop.at + STOP_GRACE_MS : null;
  }
  const times = [deadlineOf(state)];
  const phases = callsOf(state.turn).map((call) => call.phase);
  const halted = isHalted(state);
  if (!halted && state.startAt !== null && isEarly(state, state.lastAt)) times.push(state.startAt);
  const until = state.shortage?.window.ends_at ?? null;
  if (!halted && until !== null) times.push(until);
  for (const phase of halted ? [] : phases) {
    // A call that waits for a limit to be raised does not begin when its time comes.
    if (phase.is === 'scheduled' && state.limit === null && state.shortage === null) times.push(phase.at);
    if (phase.is === 'timer') times.push(phase.until);
    if (phase.is === 'approval' && phase.expiresAt !== null) times.push(phase.expiresAt);
  }
  return Math.min(...times);
}
