import type { RunDriver } from './run-driver.ts';
import type { WorkerLease } from './schedule-store.ts';

/** Takes over what dead workers still hold, as far as there is room. Says whether that was all. */
export async function takeOverFromDead(lease: WorkerLease, driver: RunDriver): Promise<boolean> {
  for (const { worker, why, leaseUntil, runs } of await lease.deadPeers())
    for (const ref of runs) {
      if (driver.places.free === 0) return false;
      driver.take(ref, { type: 'take-over', from: worker, why, leaseUntil });
    }
  return true;
}
