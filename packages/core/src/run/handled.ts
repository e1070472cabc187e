import type { EventBody } from '@holdfast/contracts';
import type { Refusal } from './command.ts';

/** The events a command leads to, or why it is refused. A refused command changes nothing. */
export type Handled = { readonly events: readonly EventBody[] } | Refused;

export interface Refused {
  readonly refused: Refusal;
}

export const events = (...bodies: readonly EventBody[]): Handled => ({ events: bodies });

export const refuse = (code: Refusal['code'], message: string): Refused => ({ refused: { code, message } });

/** A worker's result for a call that is no longer open. */
export const stale = (command: { call: string; attempt: number }): Handled =>
  refuse('stale_result', `Attempt ${command.attempt} of call ${command.call} is not under way.`);
