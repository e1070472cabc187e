import type { Actor, EventBody, JsonObject, PublishedTool } from '@holdfast/contracts';
import { approvalFor, approvalHash } from './approvals.ts';
import { barred, isSame, mayDecide, mayDeny } from './approvers.ts';
import type { CommandOf } from './command.ts';
import { duplicateOf } from './duplicate.ts';
import { findToolCall } from './effects.ts';
import { events, type Handled, refuse, type Refused } from './handled.ts';
import { misfitOf } from './json-schema.ts';
import { roomOf, spentOf } from './limits.ts';
import { isKept } from './requested-calls.ts';
import { type EndedRun, type LiveRun, modelCallOf, type ToolCall, type ToolPhase } from './state.ts';
import { droppedInstead } from './summary.ts';

type OpenApproval = Extract<ToolPhase, { is: 'approval' }>;

export function decideApproval(state: LiveRun, command: CommandOf<'decide_approval'>): Handled {
  const { call, hash, decision, by } = command;
  const asked = findToolCall(state, call);
  const open = openApproval(asked, command, decision === 'denied' ? mayDeny : mayDecide);
  if ('refused' in open) return open;
  const reason = optional('reason', command.reason);
  const decided = events({ type: 'approval.decided', data: { call, hash, decision, by, ...reason } });
  // One who says no is enough, whoever started the run.
  if (decision === 'denied') return decided;
  if (open.given.some((other) => isSame(other, by)))
    return refuse('approval_already_given', `You have approved call ${call} already; another person must agree.`);
  const authors = [...state.startedBy, ...(asked?.editors ?? [])];
  if (barred(open.approvers, authors, []).some((other) => isSame(other, by)))
    return refuse(
      'approval_four_eyes',
      `Call ${call} needs other eyes than those of whoever started the run or wrote its arguments.`,
    );
  if (open.given.length + 1 >= open.approvers.count) return decided;
  return events({ type: 'approval.given', data: { call, hash, by, ...reason } });
}

/**
 * The old question is denied and a new one is open at once, whatever the rule's condition says of the new arguments; in a
 * fork first whether a call that its source has made shall be made again.
 */
export function changeArguments(state: LiveRun, command: CommandOf<'change_arguments'>): Handled {
  const { call: id, hash, arguments: args, by, at } = command;
  const call = findToolCall(state, id);
  const open = openApproval(call, command, mayDecide);
  if ('refused' in open) return open;
  if (call?.tool == null) return refuse('approval_not_open', `No approval is open for call ${id}.`);
  const problem = argumentsProblem(call.tool, hash, args);
  if (problem !== null) return refuse('arguments_invalid', problem);
  const changed: ToolCall = {
    ...call,
    requested: { ...call.requested, arguments: args },
    editors: [...call.editors, by],
  };
  // Whoever writes what the source of a fork has done is asked about that first, as for what the model writes.
  const asked = duplicateOf(state, changed, call.tool) ?? approvalFor(changed, call.tool, at);
  return events(
    { type: 'approval.changed', data: { call: id, hash, arguments: args, by, ...optional('reason', command.reason) } },
    ...(asked === null ? [] : [asked]),
  );
}

function argumentsProblem(tool: PublishedTool, hash: string, args: JsonObject): string | null {
  if (!isKept(args)) return 'The arguments have values that cannot be kept exactly.';
  if (approvalHash(tool, args) === hash) return 'The arguments are those of the open question: approve or deny it.';
  const misfit = misfitOf(tool.input_schema, args);
  return misfit === null ? null : `The arguments do not fit the schema of ${tool.name}: ${misfit}`;
}

/** The open question that the command may settle. */
function openApproval(
  call: ToolCall | undefined,
  command: { readonly call: string; readonly hash: string; readonly by: Actor; readonly at: number },
  may: typeof mayDecide,
): OpenApproval | Refused {
  const phase = call?.phase;
  if (phase?.is !== 'approval') return refuse('approval_not_open', `No approval is open for call ${command.call}.`);
  if (phase.expiresAt !== null && command.at >= phase.expiresAt)
    return refuse('approval_not_open', `The approval of call ${command.call} has expired.`);
  if (phase.hash !== command.hash)
    return refuse('approval_hash_mismatch', `The decision is about ${command.hash}, the question about ${phase.hash}.`);
  if (!may(command.by, phase.approvers)) {
    const { role, named } = phase.approvers;
    const who = [
      ...(role === null ? [] : [`the role ${role}`]),
      ...(named.length === 0 ? [] : ['those who are named']),
    ];
    return refuse('approval_role_required', `Only ${who.join(' and ')} may decide this.`);
  }
  return phase;
}

export function answerQuestion(state: LiveRun, command: CommandOf<'answer_question'>): Handled {
  const phase = findToolCall(state, command.call)?.phase;
  if (phase?.is !== 'question') return refuse('question_not_open', `No question is open for call ${command.call}.`);
  const misfit = misfitOf(phase.schema, command.answer);
  if (misfit !== null) return refuse('answer_invalid', `The answer does not fit the question's schema: ${misfit}`);
  const { call, answer, by } = command;
  return events({ type: 'question.answered', data: { call, answer, by } });
}

export function resolveEffect(state: LiveRun | EndedRun, command: CommandOf<'resolve_effect'>): Handled {
  const { call, by } = command;
  const notUnknown = refuse('effect_not_unknown', `The effect of call ${call} is not unknown.`);
  const note = optional('note', command.note);
  const resolved: EventBody =
    command.how === 'done'
      ? {
          type: 'tool.resolved',
          data: { call, how: 'done', by, content: command.content, is_error: command.isError, ...note },
        }
      : { type: 'tool.resolved', data: { call, how: command.how, by, ...note } };
  if (state.phase === 'ended') {
    if (!state.unknown.some((unknown) => unknown.id === call)) return notUnknown;
    return command.how === 'retry'
      ? refuse('run_ended', 'The run has ended; nothing is called again.')
      : events(resolved);
  }
  const phase = findToolCall(state, call)?.phase;
  if (phase?.is !== 'unknown') return notUnknown;
  if (command.how === 'retry') {
    if (state.stop !== null) return refuse('run_stopping', 'The run is being stopped; nothing is called again.');
    if (command.at < phase.retryFrom)
      return refuse(
        'retry_too_early',
        `The lost call may still be under way; retry is possible from ${isoTime(phase.retryFrom)}.`,
      );
  }
  return events(resolved);
}

/** A call whose attempts are exhausted, or whose tool is no longer the published one. */
export function resolveCall(state: LiveRun, command: CommandOf<'resolve_call'>): Handled {
  const { call: id, by, at } = command;
  const ofModel = modelCallOf(state.turn);
  const call = ofModel?.id === id ? ofModel : findToolCall(state, id);
  if (call === undefined || (call.phase.is !== 'exhausted' && call.phase.is !== 'changed'))
    return refuse('call_not_open', `Call ${id} waits for nobody.`);
  if (command.how === 'retry' && state.stop !== null)
    return refuse('run_stopping', 'The run is being stopped; nothing is called again.');
  if (command.how === 'retry')
    return events({
      type: 'attempt.scheduled',
      data: {
        call: id,
        attempt: call.attempt + 1,
        at,
        reason: command.note ?? 'a person asked for it',
        burns: false,
        by,
      },
    });
  if (state.turn.at === 'summary') return events(droppedInstead(state, state.turn));
  if (state.turn.at === 'model') {
    const detail = call.phase.is === 'exhausted' ? call.phase.message : 'a person gave up';
    return events({ type: 'run.failed', data: { code: 'attempts_exhausted', detail, unresolved: [] } });
  }
  return events({ type: 'tool.resolved', data: { call: id, how: 'fail', by, ...optional('note', command.note) } });
}

export function raiseLimit(state: LiveRun, command: CommandOf<'raise_limit'>): Handled {
  const { limit, to, by, at } = command;
  const now = state.limits[limit];
  if (now === null) return refuse('limit_not_higher', `The limit ${limit} is not set; there is nothing to raise.`);
  // A model may report more than was reserved for it, so more may be spent than the limit has.
  const spent = spentOf(roomOf(state, at), limit);
  if (to <= Math.max(now, spent))
    return refuse(
      'limit_not_higher',
      `The limit ${limit} is ${now}, and ${spent} are spent or reserved; ${to} is not above both.`,
    );
  return events({ type: 'limit.raised', data: { limit, to, by } });
}

const optional = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };

// Writes down a time that is given; no clock is read.
// oxlint-disable-next-line eslint/no-restricted-globals
const isoTime = (at: number): string => new Date(at).toISOString();
