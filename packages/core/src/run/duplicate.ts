import type { BegunCall, BodyOf, DataOf, PublishedTool, RunEvent } from '@holdfast/contracts';
import type { CommandOf } from './command.ts';
import { findToolCall } from './effects.ts';
import { events, type Handled, refuse } from './handled.ts';
import { hashOf } from './hash.ts';
import { duplicateContent } from './result-content.ts';
import type { LiveRun, ToolCall } from './state.ts';
import { closeTool, onTool } from './turn.ts';

/** The source of this fork has made the same `once` call, and no person has said that it shall be made again. */
export function duplicateOf(state: LiveRun, call: ToolCall, tool: PublishedTool): BodyOf<'duplicate.found'> | null {
  if (state.began.length === 0 || tool.effect !== 'once') return null;
  if (call.phase.is === 'new' && call.phase.again === true) return null;
  const hash = hashOf(call.requested.arguments);
  const same = state.began.filter(({ name, arguments_hash }) => name === tool.name && arguments_hash === hash);
  // The same place in the log, or else one that nobody was asked about yet: those are in front.
  const begun = same.find(({ key }) => key.endsWith(`.${call.id}`)) ?? same[0];
  return begun === undefined ? null : { type: 'duplicate.found', data: { call: call.id, key: begun.key } };
}

export function duplicateFound(state: LiveRun, { at }: RunEvent, data: DataOf<'duplicate.found'>): LiveRun | string {
  const begun = begunBy(state, data.key);
  if (begun === undefined) return `no call ${data.key} of the source is known`;
  const next = onTool(state, data.call, (call) => ({ ...call, phase: { is: 'duplicate', since: at, key: data.key } }));
  if (typeof next === 'string') return next;
  return { ...next, began: [...state.began.filter((each) => each !== begun), begun] };
}

export function decideDuplicate(state: LiveRun, command: CommandOf<'decide_duplicate'>): Handled {
  const { call, decision, by, note } = command;
  const phase = findToolCall(state, call)?.phase;
  if (phase?.is !== 'duplicate')
    return refuse('duplicate_not_open', `Nobody is asked whether call ${call} shall be made again.`);
  const result = decision === 'reuse' ? (begunBy(state, phase.key)?.result ?? null) : null;
  if (decision === 'reuse' && result === null)
    return refuse('nothing_to_reuse', `Nobody knows the result of ${phase.key}: call, or skip.`);
  return events({
    type: 'duplicate.decided',
    data: { call, decision, by, ...result, ...(note === undefined ? {} : { note }) },
  });
}

export function duplicateDecided(state: LiveRun, event: RunEvent & BodyOf<'duplicate.decided'>): LiveRun | string {
  const { data } = event;
  if (data.decision !== 'call') return closeTool(state, event, { is: 'done' }, duplicateContent(data));
  // An approval that it takes is still to be asked for.
  return onTool(state, data.call, (call) => ({ ...call, phase: { is: 'new', again: true } }));
}

/** What the source is known to have got for it. */
export const begunBy = (state: LiveRun, key: string): BegunCall | undefined =>
  state.began.find((begun) => begun.key === key);
