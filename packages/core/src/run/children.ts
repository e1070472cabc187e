import type { Actor, BodyOf, Limits, PinnedAgent, PinnedAgents, RunEvent } from '@holdfast/contracts';
import type { Action } from './action.ts';
import type { CommandOf } from './command.ts';
import { findToolCall } from './effects.ts';
import { events, type Handled, refuse } from './handled.ts';
import { derivedId } from './derived-id.ts';
import { limitReached, type Room } from './limits.ts';
import { childContent } from './result-content.ts';
import { deadlineOf } from './start.ts';
import type { LimitReached, LiveRun, ToolCall } from './state.ts';
import { closeTool, onTool } from './turn.ts';

/** A run has this many runs above it at most. */
export const MAX_DEPTH = 8;
/** Runs below one root, at most. */
export const MAX_DESCENDANTS = 100;

/** Speaks to a child in its parent's name. */
export const byParent: Actor = { type: 'system', id: 'parent', roles: [] };

export const pausedBy = (by: Actor): 'person' | 'parent' =>
  by.type === byParent.type && by.id === byParent.id ? 'parent' : 'person';

/** As the event keeps them: not at all when there are none. */
export const agentsOf = ({ agents }: { readonly agents?: PinnedAgents }): { agents?: PinnedAgents } =>
  agents === undefined || Object.keys(agents).length === 0 ? {} : { agents };

/** Calls of other agents for which nothing has begun yet, those of `actions` taken as begun. */
export function unbegunChildren(calls: readonly ToolCall[], actions: readonly Action[]): number {
  const decided = new Set(
    actions.flatMap((action) =>
      action.do === 'record' && 'call' in action.intent.data ? [action.intent.data.call] : [],
    ),
  );
  return calls.filter(
    ({ id, tool, phase }) =>
      tool?.source.type === 'agent' &&
      (phase.is === 'approval' || ((phase.is === 'new' || phase.is === 'ready') && !decided.has(id))),
  ).length;
}

interface Begun {
  readonly intent: BodyOf<'child.started' | 'tool.not_run' | 'limit.reached'>;
  readonly room: Room;
  readonly limited: boolean;
}

/**
 * The start of a child within what is left of this run, or why it cannot start. `unbegun`: calls of this answer, this
 * one included, that will ask for their share; one more share is left for the run itself.
 */
export function startChild(
  state: LiveRun,
  call: ToolCall,
  agent: string,
  room: Room,
  unbegun: number,
  now: number,
): Begun {
  const pinned = state.agents[call.requested.name];
  const depth = (state.parent?.depth ?? 0) + 1;
  const descendants = (state.parent?.descendants ?? MAX_DESCENDANTS) - room.descendants;
  const not = (why: BodyOf<'tool.not_run'>['data']['why'], message: string): Begun => ({
    intent: { type: 'tool.not_run', data: { call: call.id, why, message } },
    room,
    limited: false,
  });
  if (pinned === undefined)
    return not('unknown-agent', `The agent ${agent} had no such version when this run was created.`);
  if (depth > MAX_DEPTH) return not('too-deep', `There are ${MAX_DEPTH} runs above it already, the most there may be.`);
  if (descendants < 1)
    return not(
      'too-many-runs',
      `No more runs may be started: ${MAX_DESCENDANTS} below one run are the most there may be.`,
    );
  const limits = shareOf(state, pinned, room, unbegun, now);
  if ('limit' in limits) return { intent: limitReached(limits), room, limited: true };
  const below = Math.max(0, Math.floor((descendants - unbegun) / unbegun));
  const { version, version_id } = pinned;
  return {
    intent: {
      type: 'child.started',
      data: {
        call: call.id,
        run: childId(state.run, call.id, now),
        agent,
        version,
        version_id,
        limits,
        depth,
        descendants: below,
      },
    },
    room: {
      ...room,
      steps: room.steps + 1 + limits.steps,
      tokens: room.tokens + limits.tokens,
      costUsdMicros: room.costUsdMicros + (limits.cost_usd_micros ?? 0),
      descendants: room.descendants + 1 + below,
    },
    limited: false,
  };
}

/** Its version's limits, but no more than its share of what is left; or the limit that leaves it nothing. */
function shareOf(
  state: LiveRun,
  { limits: own }: PinnedAgent,
  room: Room,
  unbegun: number,
  now: number,
): Limits | Omit<LimitReached, 'since'> {
  const { limits } = state;
  const shares = unbegun + 1;
  const share = (limit: number, spent: number): number => Math.floor((limit - spent) / shares);
  // The call itself is a step of this run.
  const steps = share(limits.steps, room.steps + 1);
  if (steps < 1) return { limit: 'steps', value: limits.steps, spent: room.steps, needed: shares + 1 };
  const tokens = share(limits.tokens, room.tokens);
  if (tokens < 1) return { limit: 'tokens', value: limits.tokens, spent: room.tokens, needed: shares };
  const cost = limits.cost_usd_micros === null ? null : share(limits.cost_usd_micros, room.costUsdMicros);
  if (cost !== null && cost < 1)
    return { limit: 'cost_usd_micros', value: limits.cost_usd_micros ?? 0, spent: room.costUsdMicros, needed: shares };
  const activeMs = limits.active_ms - room.activeMs;
  if (activeMs < 1) return { limit: 'active_ms', value: limits.active_ms, spent: room.activeMs, needed: 1 };
  return {
    steps: Math.min(own.steps, steps),
    tokens: Math.min(own.tokens, tokens),
    cost_usd_micros: cost === null ? own.cost_usd_micros : Math.min(own.cost_usd_micros ?? cost, cost),
    // Children run side by side, so each has all the time that is left.
    active_ms: Math.min(own.active_ms, activeMs),
    deadline_ms: Math.min(own.deadline_ms, deadlineOf(state) - now),
  };
}

/** Made from the time, the parent and its call, so that nothing random is needed. */
export const childId = (parent: string, call: string, now: number): string => derivedId(now, parent, call);

export function childStarted(state: LiveRun, { at, data }: RunEvent & BodyOf<'child.started'>): LiveRun | string {
  const { run, limits, descendants } = data;
  const { spent } = state;
  return onTool(
    state,
    data.call,
    (call) => ({ ...call, phase: { is: 'child', since: at, run, limits, descendants } }),
    { spent: { ...spent, steps: spent.steps + 1, descendants: spent.descendants + 1 } },
  );
}

/** What the child used takes the place of what was kept free for it. */
export function childEnded(state: LiveRun, event: RunEvent & BodyOf<'child.ended'>): LiveRun | string {
  const { call, run, usage } = event.data;
  const phase = findToolCall(state, call)?.phase;
  if (phase?.is !== 'child' || phase.run !== run) return `call ${call} does not wait for run ${run}`;
  const { spent } = state;
  const childMs = Math.max(spent.childMs, usage.active_ms);
  const settled: LiveRun = {
    ...state,
    spent: {
      ...spent,
      steps: spent.steps + usage.steps,
      tokens: spent.tokens + usage.tokens,
      costUsdMicros: spent.costUsdMicros + usage.cost_usd_micros,
      activeMs: spent.activeMs + childMs - spent.childMs,
      childMs,
      descendants: spent.descendants + usage.descendants,
    },
  };
  return closeTool(settled, event, { is: 'done' }, childContent(event.data));
}

export function endChild(state: LiveRun, { type: _, at: __, ...data }: CommandOf<'child_ended'>): Handled {
  const phase = findToolCall(state, data.call)?.phase;
  if (phase?.is !== 'child' || phase.run !== data.run)
    return refuse('stale_result', `Call ${data.call} does not wait for run ${data.run}.`);
  return events({ type: 'child.ended', data });
}
