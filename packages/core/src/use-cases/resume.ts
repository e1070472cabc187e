import type { Caller } from './caller.ts';
import type { Speech } from './speak.ts';

/** A paused run goes on. @throws HoldfastError `run_not_paused`, `run_ended`. */
export const resume =
  (caller: Caller): Speech =>
  (_state, at) => ({
    type: 'resume',
    at,
    by: caller.by,
  });
