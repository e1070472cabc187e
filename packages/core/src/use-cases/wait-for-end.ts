import type { RunRef } from '../tenant-scope.ts';
import type { EventStreams } from './follow-events.ts';

/**
 * Waits until the run has ended, `ms` have passed, `gone` is aborted, or this process stops. `after`: the head as it was
 * last seen. Woken by hints, as a stream is; there is no polling. @throws HoldfastError `run_not_found`.
 */
export async function waitForEnd(
  streams: EventStreams,
  ref: RunRef,
  after: number,
  ms: number,
  gone: AbortSignal,
): Promise<void> {
  let over = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const timer = setTimeout(over, ms);
  gone.addEventListener('abort', over, { once: true });
  try {
    if (gone.aborted) return;
    const followed = await streams.follow(ref, after, () => ({
      send: () => undefined,
      pending: () => 0,
      drained: () => Promise.resolve(),
      end: over,
    }));
    if (followed.type === 'nothing-left') return;
    await ended;
    followed.leave();
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', over);
  }
}
