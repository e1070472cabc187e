import {
  type Content,
  type Decision,
  decisionsFor,
  type HoldfastError,
  raisableLimit,
  text,
} from '@holdfast/contracts';
import { type Attention, attentionOf } from '../run/attention.ts';
import type { Command, OutsideCommand } from '../run/command.ts';
import type { RunState } from '../run/state.ts';
import type { Caller } from './caller.ts';
import { refused } from './refused.ts';
import type { Speech } from './speak.ts';

/**
 * A person's decision about one open thing of a run. The rules check the rest (role, hash, schema of the answer).
 * @throws HoldfastError `attention_not_found`, `run_ended`, `validation_failed`.
 */
export const decideAttention =
  (caller: Caller, ref: string, decision: Decision): Speech =>
  (state, at): Command => {
    const open = attentionOf(state).filter((attention) => attention.ref === ref);
    const attention = open.find(({ kind }) => takes(kind, decision)) ?? open[0];
    if (attention === undefined) throw nothingOpen(state, ref);
    if (!takes(attention.kind, decision)) throw notPossible(attention, decision);
    return { at, ...commandOf(caller, attention, decision) };
  };

const takes = (kind: Attention['kind'], { decision }: Decision): boolean =>
  (decisionsFor[kind] as readonly Decision['decision'][]).includes(decision);

const nothingOpen = (state: RunState, ref: string): HoldfastError =>
  state.phase === 'ended'
    ? refused('run_ended', `The run has ended (${state.status}); nothing named ${ref} waits for a person.`, [], {
        run_status: state.status,
      })
    : refused('attention_not_found', `Nothing named ${ref} waits for a person in this run (any more).`);

function commandOf({ by }: Caller, attention: Attention, decision: Decision): OutsideCommand {
  const call = attention.call ?? '';
  switch (decision.decision) {
    case 'approve':
    case 'deny':
      return {
        type: 'decide_approval',
        call,
        hash: decision.hash ?? String(attention.detail['hash']),
        decision: decision.decision === 'approve' ? 'approved' : 'denied',
        by,
        ...(decision.reason === undefined ? {} : { reason: decision.reason }),
      };
    case 'change':
      return {
        type: 'change_arguments',
        call,
        hash: decision.hash ?? String(attention.detail['hash']),
        arguments: decision.arguments,
        by,
        ...(decision.reason === undefined ? {} : { reason: decision.reason }),
      };
    case 'answer':
      return { type: 'answer_question', call, answer: decision.answer, by };
    case 'done':
      return {
        type: 'resolve_effect',
        call,
        how: 'done',
        content: contentOf(decision.content),
        isError: decision.is_error,
        by,
        ...noteOf(decision.note),
      };
    case 'retry':
    case 'fail': {
      if (attention.kind === 'engine-problem') return { type: 'resume_engine', by, ...noteOf(decision.note) };
      const type = attention.kind === 'unknown-effect' ? 'resolve_effect' : 'resolve_call';
      return { type, call, how: decision.decision, by, ...noteOf(decision.note) };
    }
    case 'reuse':
    case 'call':
    case 'skip':
      return { type: 'decide_duplicate', call, decision: decision.decision, by, ...noteOf(decision.note) };
    case 'raise':
      return { type: 'raise_limit', limit: raisableLimit.parse(attention.detail['limit']), to: decision.to, by };
  }
}

const contentOf = (value: string | Content): Content => (typeof value === 'string' ? text(value) : value);

const noteOf = (note: string | undefined) => (note === undefined ? {} : { note });

function notPossible({ kind, ref }: Attention, { decision }: Decision): HoldfastError {
  const possible = decisionsFor[kind];
  return refused(
    'validation_failed',
    possible.length === 0
      ? `${ref} is a ${kind}: no decision settles it; cancel the run, or look into its log.`
      : `${ref} is a ${kind}: it takes ${possible.join(', ')}, not ${decision}.`,
    [{ path: '/decision', message: `one of: ${possible.join(', ')}` }],
  );
}
