import type { BodyOf } from '@holdfast/contracts';
import { byParent } from './children.ts';
import type { OutsideCommand, WorkerCommand } from './command.ts';
import { findToolCall } from './effects.ts';
import { type EndedRun, type LiveRun, type RunState } from './state.ts';

export type Word =
  | { readonly to: 'parent'; readonly command: WorkerCommand }
  | { readonly to: 'child'; readonly command: OutsideCommand };

/**
 * What parent and child have not heard of each other yet; null = nothing. Only states are compared, so it may be asked
 * again at any time. `parent` null: there is no such run.
 */
export function reconcile(parent: RunState | null, child: LiveRun | EndedRun): Word | null {
  const waits = parent !== null && isAwaited(parent, child);
  if (child.phase === 'ended')
    return waits ? { to: 'parent', command: { type: 'child_ended', ...endOf(child) } } : null;
  // Nobody knows what a damaged log would have said.
  if (parent?.phase === 'live' && parent.problem !== null) return null;
  if (!waits || parent?.phase !== 'live')
    return toChild(child, 'cancel', 'the run that started it waits for it no more');
  if (parent.stop !== null) return toChild(child, 'cancel', 'the run that started it is being stopped');
  if (child.stop !== null) return null;
  if (parent.paused !== false && child.paused === false)
    return toChild(child, 'pause', 'the run that started it was paused');
  if (parent.paused === false && child.paused === 'parent')
    return { to: 'child', command: { type: 'resume', by: byParent } };
  return null;
}

function isAwaited(parent: RunState, child: LiveRun | EndedRun): boolean {
  if (parent.phase !== 'live' || child.parent === null) return false;
  const phase = findToolCall(parent, child.parent.call)?.phase;
  return phase?.is === 'child' && phase.run === child.run;
}

const toChild = (child: LiveRun, type: 'cancel' | 'pause', reason: string): Word | null =>
  child.stop !== null ? null : { to: 'child', command: { type, by: byParent, reason } };

function endOf(child: EndedRun): BodyOf<'child.ended'>['data'] {
  const { run, status, output, error, unknown, spent, parent } = child;
  return {
    call: parent?.call ?? '',
    run,
    status,
    output: output === null ? null : [...output],
    error,
    unresolved: unknown.length,
    usage: {
      steps: spent.steps,
      tokens: spent.tokens,
      cost_usd_micros: spent.costUsdMicros,
      active_ms: spent.activeMs,
      descendants: spent.descendants,
    },
  };
}
