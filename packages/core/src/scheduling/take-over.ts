import type { Holds } from './holds.ts';
import type { WorkerLease } from './schedule-store.ts';

/** Takes over what dead workers still hold, as far as there is room. Says whether that was all. */
export async function takeOverFromDead(lease: WorkerLease, holds: Holds): Promise<boolean> {
  for (const { worker, why, leaseUntil, runs } of await lease.deadPeers())
    for (const ref of runs) {
      if (holds.room === 0) return false;
      holds.take(ref, { type: 'take-over', from: worker, why, leaseUntil });
    }
  return true;
}
