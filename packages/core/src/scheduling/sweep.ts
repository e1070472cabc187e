import type { Holds } from './holds.ts';
import type { RunDriver } from './run-driver.ts';
import type { ScheduleStore } from './schedule-store.ts';

const PICK_AT_ONCE = 100;

/**
 * Has carried what is due and free. Returns when a row is due next, ms since 1970, null = none is; and whether runs wait
 * for a slot, or for room.
 */
export async function sweepDue(
  store: ScheduleStore,
  driver: RunDriver,
): Promise<{ readonly at: number | null; readonly waiting: boolean }> {
  for (;;) {
    const wanted = Math.min(driver.room, PICK_AT_ONCE);
    if (wanted === 0) return { at: null, waiting: true };
    const picked = await store.pick(wanted, driver.reserveMs);
    for (const run of picked) driver.take(run, { type: 'claim' });
    if (picked.length < wanted) return store.nextDue();
  }
}

/** Held runs to which somebody spoke, when the hint was lost; and those whose tenant was suspended. */
export async function sweepHeld(store: ScheduleStore, holds: Holds): Promise<void> {
  holds.suspend(await store.suspended());
  const heads = holds.heads();
  if (heads.length === 0) return;
  for (const ref of await store.movedHeads(heads)) holds.nudge(ref.run);
}
