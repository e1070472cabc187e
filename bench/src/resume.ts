// How soon the runs of a dead worker go on: of two workers on Postgres, the one that holds the most runs is killed
// (SIGKILL) again and again; from the kill to the first event that the survivor writes for each of its runs.
//   node --conditions=source --import tsx bench/src/resume.ts [15 | 18] [runs] [kills]
import { setTimeout as pause } from 'node:timers/promises';
import { paced } from './load/agents.ts';
import type { Child } from './load/child.ts';
import { atMost, delayHead, delayLine, summaryOf } from './load/delays.ts';
import { follow } from './load/events.ts';
import { startHoldfast, Tenant } from './load/holdfast.ts';
import { openPlace } from './load/place.ts';
import { Watch } from './resume/watch.ts';

const wanted = process.argv[2] ?? '15';
const runs = Number(process.argv[3] ?? 50);
const kills = Number(process.argv[4] ?? 5);
/** After a start of the database nobody is judged for one lease (5 s); a real one has been up for longer. */
const SETTLED_MS = 6_000;

const place = await openPlace(wanted);
try {
  // Room for all runs in either worker.
  const holdfast = await startHoldfast({ ...place.environment, WORKER_CONCURRENCY: '1000' }, { workers: 2 });
  try {
    const tenant = new Tenant(holdfast.url, holdfast.key);
    await tenant.publish(paced(100, 200));
    const watch = new Watch();
    for (const run of await tenant.startRuns('paced', runs))
      await follow(tenant, run, (arrival) => watch.hear(arrival));
    await pause(SETTLED_MS);
    console.log(`${place.name}: ${runs} runs under way on two workers, ${kills} kills; ms`);
    for (let kill = 1; kill <= kills; kill += 1) {
      await watch.survive(busiest(holdfast.workers, watch));
      if (kill < kills) await holdfast.startWorker();
    }
    console.log(delayHead);
    console.log(delayLine('kill to the first event of the survivor', watch.written));
    console.log(delayLine('kill to its arrival at a subscriber', watch.seen));
    console.log(atMost('first event, p50', summaryOf(watch.written).p50, 500));
    console.log(atMost('first event, p99', summaryOf(watch.written).p99, 500));
  } finally {
    await holdfast.stop();
  }
} finally {
  await place.close();
}

function busiest(workers: readonly Child[], watch: Watch): Child {
  const [most] = workers.toSorted((left, right) => watch.heldBy(right).length - watch.heldBy(left).length);
  if (most === undefined) throw new Error('there is no worker');
  return most;
}
