import type { BodyOf, EventBody } from '@holdfast/contracts';
import type { BudgetNeed } from './budgets.ts';

/** What may start now, each with its intent: the event that must be committed before it begins. */
export type Action =
  /** A rule's consequence that is done by being written: a wait, a delivery, a question, the end. */
  | { readonly do: 'record'; readonly intent: EventBody }
  | { readonly do: 'call-model'; readonly intent: BodyOf<'model.called'> }
  | { readonly do: 'call-tool'; readonly intent: BodyOf<'tool.called'> }
  /** The next call needs more of the budgets than the run holds; what it gets is an event once it is known. */
  | { readonly do: 'take-allowance'; readonly need: BudgetNeed }
  /**
   * Ends a call early, a `once` call only when it has not begun; it still ends by its own outcome, so there is nothing
   * to write.
   */
  | { readonly do: 'abort'; readonly call: string };

export const record = (intent: EventBody): Action => ({ do: 'record', intent });
