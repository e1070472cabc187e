import type { Actor, Json } from '@holdfast/contracts';

/** What happens at a tick while the last run of the schedule has not ended. */
export type Overlap = 'skip' | 'buffer-one' | 'allow' | 'cancel-other';

/** What people set. Times in ms since 1970. */
export interface ScheduleSpec {
  /** Unique in the tenant. */
  readonly name: string;
  readonly agent: string;
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
  readonly input: Json;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly priority: number;
  /** 5 fields, or 6 with seconds first. */
  readonly cron: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
  /** A run starts up to so much later than its tick. */
  readonly jitterSeconds: number;
  readonly overlap: Overlap;
  /** Ticks that could not be dealt with for longer are dropped. */
  readonly catchUpSeconds: number;
  readonly startsAt: number | null;
  readonly endsAt: number | null;
}

export interface SchedulePause {
  readonly at: number;
  readonly by: Actor;
  readonly reason: string | null;
}

export interface ScheduleError {
  readonly at: number;
  /** null: it was to be started by hand. */
  readonly tick: number | null;
  readonly code: string;
  readonly detail: string;
}

/** Runs of one agent, started by the clock. Times in ms since 1970. */
export interface Schedule {
  readonly id: string;
  readonly spec: ScheduleSpec;
  /** Counts what people have changed, from 1. */
  readonly version: number;
  /** Counts every change, so that whoever looked knows whether somebody was there since. */
  readonly step: number;
  readonly paused: SchedulePause | null;
  /** All ticks up to here have been dealt with. */
  readonly reached: number;
  /** A run that starts when the last one has ended; `tick` null: it was asked for by hand. */
  readonly buffered: { readonly tick: number | null } | null;
  readonly lastRun: string | null;
  /** Of the newest run that a tick has started. */
  readonly lastTick: number | null;
  readonly fired: number;
  readonly skipped: number;
  readonly missed: number;
  readonly failed: number;
  readonly failuresInRow: number;
  readonly lastError: ScheduleError | null;
  readonly createdAt: number;
  /** When people have changed it last. */
  readonly updatedAt: number;
}

/** Who starts runs when a tick has come. */
export const bySchedule: Actor = { type: 'system', id: 'schedule', roles: [] };

export const newSchedule = (id: string, spec: ScheduleSpec, now: number): Schedule => ({
  id,
  spec,
  version: 1,
  step: 1,
  paused: null,
  reached: now,
  buffered: null,
  lastRun: null,
  lastTick: null,
  fired: 0,
  skipped: 0,
  missed: 0,
  failed: 0,
  failuresInRow: 0,
  lastError: null,
  createdAt: now,
  updatedAt: now,
});
