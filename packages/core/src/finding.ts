/** One line for whoever looks whether all is well: what was looked at, how it is, and what to do when it is not well. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly detail: string;
}
