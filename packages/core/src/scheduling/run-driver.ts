import type { Take } from '../executor/advance.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { Holds } from './holds.ts';
import type { Places } from './places.ts';
import type { PickedRun } from './schedule-store.ts';

/**
 * Has runs carried: in this process, or wherever an engine places them. It only schedules: who may go on, and when, is
 * found by the sweeps, the same for all drivers.
 */
export interface RunDriver {
  /** A run that was picked for it is not offered to others for this long, ms. */
  readonly reserveMs: number;
  /** For runs that may be handed to it now. */
  readonly places: Places;
  /** Has the run carried: it is due, or its holder is dead. One that is under way already is let be. */
  take(run: RunRef & Partial<PickedRun>, take: Take): void;
  /** The run was ended from outside: what waits for it elsewhere may go. Throws when that could not be told. */
  ended(run: RunRef): Promise<void>;
  /** Begins nothing any more; resolves when what this process holds was let go. */
  drain(): Promise<void>;
}

/** `freed`: there may be room again, and unless the run has ended, the same one may be due. */
export type OpenDriver = (holds: Holds, freed: (ended: boolean) => void) => RunDriver;
