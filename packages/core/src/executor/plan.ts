import type { RunEvent } from '@holdfast/contracts';
import { extendBy, type LoadedRun } from '../log/loaded-run.ts';
import type { Action } from '../run/action.ts';
import { type BudgetNeed, giveBack } from '../run/budgets.ts';
import type { Command, Refusal } from '../run/command.ts';
import { decide } from '../run/decide.ts';
import { handle } from '../run/handle.ts';
import { noPrices, type PriceList } from '../run/price-list.ts';
import type { RunState } from '../run/state.ts';

/** `seq`: number of its intent. */
export type Start = Extract<Action, { do: 'call-model' | 'call-tool' }> & { readonly seq: number };

/** One append in the making: the results that ended, and the intents of the actions that follow at once. */
export interface Plan {
  readonly run: LoadedRun;
  readonly events: readonly RunEvent[];
  readonly starts: readonly Start[];
  /** What the next call needs of the budgets, to be asked for once these events are written. */
  readonly need: BudgetNeed | null;
  /** Calls to end early. */
  readonly aborts: readonly string[];
  readonly refused: readonly { readonly command: Command; readonly refusal: Refusal }[];
}

/**
 * What may be decided: `all`; `ends` = of a run that is let go: calls may be ended early, and one that is to stop stops,
 * but nothing new begins; `nothing` = somebody outside speaks, and the holder decides later.
 */
export type Deciding = 'all' | 'ends' | 'nothing';

export function plan(
  run: LoadedRun,
  commands: readonly Command[],
  now: number,
  deciding: Deciding,
  prices: PriceList = noPrices,
): Plan {
  const events: RunEvent[] = [];
  const refused: { command: Command; refusal: Refusal }[] = [];
  let next = run;
  for (const command of commands) {
    const handled = handle(next.state, command);
    if ('refused' in handled) {
      refused.push({ command, refusal: handled.refused });
      continue;
    }
    const extended = extendBy(next, handled.events, command.at);
    next = extended.run;
    events.push(...extended.events);
  }
  const starts: Start[] = [];
  const aborts: string[] = [];
  for (;;) {
    const actions = decided(next.state, now, deciding, prices);
    const intents = actions.flatMap((action) => ('intent' in action ? [action] : []));
    for (const action of actions) if (action.do === 'abort') aborts.push(action.call);
    const need = actions.flatMap((action) => (action.do === 'take-allowance' ? [action.need] : []))[0] ?? null;
    if (intents.length === 0) return { run: next, events, starts, need, aborts, refused };
    const extended = extendBy(
      next,
      intents.map((action) => action.intent),
      now,
    );
    for (const [index, { seq }] of extended.events.entries()) {
      const action = intents[index];
      if (action !== undefined && action.do !== 'record') starts.push({ ...action, seq });
    }
    next = extended.run;
    events.push(...extended.events);
  }
}

function decided(state: RunState, now: number, deciding: Deciding, prices: PriceList): readonly Action[] {
  if (deciding === 'nothing') return [];
  const actions = decide(state, now, prices);
  const all = deciding === 'all' || (state.phase === 'live' && state.stop !== null);
  if (all) return actions;
  const aborts = actions.filter((action) => action.do === 'abort');
  return aborts.length > 0 ? aborts : giveBack(state);
}
