import type { Caller } from './caller.ts';
import type { Speech } from './speak.ts';

/**
 * Nothing new begins; calls under way end and are recorded.
 * @throws HoldfastError `run_already_paused`, `run_stopping`, `run_ended`.
 */
export const pause =
  (caller: Caller, reason?: string): Speech =>
  (_state, at) => ({
    type: 'pause',
    at,
    by: caller.by,
    ...(reason === undefined ? {} : { reason }),
  });
