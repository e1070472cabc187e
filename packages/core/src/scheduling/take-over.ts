import type { Holds } from './holds.ts';
import type { WorkerLease } from './schedule-store.ts';

/** Takes over what dead workers still hold, as far as there is room; others and later looks take the rest. */
export async function takeOverFromDead(lease: WorkerLease, holds: Holds): Promise<number> {
  let taken = 0;
  for (const { worker, why, leaseUntil, runs } of await lease.deadPeers())
    for (const ref of runs) {
      if (holds.room === 0) return taken;
      holds.take(ref, { type: 'take-over', from: worker, why, leaseUntil });
      taken += 1;
    }
  return taken;
}
