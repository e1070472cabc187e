import { setTimeout as pause } from 'node:timers/promises';
import { greeter } from '../load/agents.ts';
import type { Tenant } from '../load/holdfast.ts';
import { delaysBetween } from '../load/delays-between.ts';
import type { Owner } from '../load/owner.ts';

/** Starts so many runs, one a while after the other; how long each waited for a worker, ms. */
export async function startDelays(tenant: Tenant, owner: Owner, count: number): Promise<readonly number[]> {
  const runs: string[] = [];
  for (let place = 0; place < count; place += 1) {
    runs.push(await tenant.startRun(greeter.name));
    await pause(20);
  }
  return delaysBetween(owner, runs, 'run.created', 'run.claimed');
}
