import type { WireEvent } from '@holdfast/sdk';

/** The id of the worker that claimed the run last, by its log; null: none has yet. */
export function holderIn(events: readonly WireEvent[]): string | null {
  const claim = events.findLast(({ type }) => type === 'run.claimed' || type === 'run.taken_over');
  const worker = claim?.data['worker'];
  return typeof worker === 'string' ? worker : null;
}
