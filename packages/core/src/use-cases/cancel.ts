import type { Caller } from './caller.ts';
import type { Speech } from './speak.ts';

/** Asks the run to end: what may be aborted is, begun `once` calls get their grace. @throws HoldfastError `run_ended`, `run_stopping`. */
export const cancel =
  (caller: Caller, reason?: string): Speech =>
  (_state, at) => ({
    type: 'cancel',
    at,
    by: caller.by,
    ...(reason === undefined ? {} : { reason }),
  });
