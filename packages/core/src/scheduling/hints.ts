import { isTerminal } from '@holdfast/contracts';
import type { Append } from '../log/run-store.ts';

/** What has changed, for whoever wants to look: may be lost, may be doubled; whoever listens also sweeps. */
export type Hint =
  /**
   * The log of a run has grown to `head`; whoever has read that far need not look. `held`: by the worker that has appended,
   * so it is due for no other.
   */
  | { readonly about: 'run'; readonly run: string; readonly head: number; readonly state: 'held' | 'free' | 'ended' }
  | { readonly about: 'outbox' }
  | { readonly about: 'deleted'; readonly run: string }
  /** A run is due of which no log tells: the next one of a thread. */
  | { readonly about: 'due' }
  /** A reconnect: anything may have been missed. */
  | { readonly about: 'everything' };

export interface Hints {
  publish(hints: readonly Hint[]): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (hint: Hint) => void): () => void;
}

/** What an accepted append is worth telling. */
export function hintsFor({ run, expected, events, children, projection, worker, release }: Append): Hint[] {
  const ended = events.some(({ type }) => isTerminal(type));
  const held = worker !== null && !release;
  return [
    { about: 'run', run, head: expected + events.length, state: ended ? 'ended' : held ? 'held' : 'free' },
    ...children.map((child): Hint => ({ about: 'run', run: child.run, head: child.event.seq, state: 'free' })),
    ...(projection.passesOn ? [{ about: 'due' } as const] : []),
    ...(projection.outbox.length === 0 ? [] : [{ about: 'outbox' } as const]),
  ];
}
