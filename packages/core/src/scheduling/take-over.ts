import type { Holds } from './holds.ts';
import type { RunDriver } from './run-driver.ts';
import type { ScheduleStore, WorkerLease } from './schedule-store.ts';

export interface TakeOverPorts {
  readonly lease: WorkerLease;
  readonly schedule: Pick<ScheduleStore, 'suspended'>;
  readonly holds: Holds;
}

/**
 * Takes over what dead workers still hold, as far as there is room. Says whether that was all. Runs of suspended tenants
 * are taken only to settle what was under way, and let go.
 */
export async function takeOverFromDead({ lease, schedule, holds }: TakeOverPorts, driver: RunDriver): Promise<boolean> {
  const dead = await lease.deadPeers();
  if (dead.length > 0) holds.suspend(await schedule.suspended());
  for (const { worker, why, leaseUntil, runs } of dead)
    for (const ref of runs) {
      if (driver.room === 0) return false;
      driver.take(ref, { type: 'take-over', from: worker, why, leaseUntil });
    }
  return true;
}
