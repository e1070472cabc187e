// How soon the runs of a dead worker go on: two workers on Postgres carry runs of a few seconds, and the one that holds
// more of them is killed (SIGKILL) again and again; from the kill to the first event that the other writes for each of its
// runs.
//   node --conditions=holdfast-source --import tsx bench/src/resume.ts [15 | 18] [runs] [kills]
import { setTimeout as pause } from 'node:timers/promises';
import { brief } from './load/agents.ts';
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
/** A worker that replaces a killed one gets its share of the runs meanwhile. */
const BETWEEN_MS = 4_000;

const place = await openPlace(wanted);
try {
  // Room for all runs in either worker.
  const holdfast = await startHoldfast({ ...place.environment, WORKER_CONCURRENCY: '1000' }, { workers: 2 });
  let over = false;
  try {
    const tenant = new Tenant(holdfast.url, holdfast.key);
    const agent = brief(20, 100, 200);
    await tenant.publish(agent);
    const watch = new Watch();
    const carried = Promise.all(
      Array.from({ length: runs }, async () => {
        while (!over) {
          const run = await tenant.startRun(agent.name);
          const { ended } = await follow(tenant, run, (arrival) => watch.hear(arrival));
          await ended;
        }
      }),
    );
    // Awaited below; when a kill is not survived, that is what is told, and not that these were cut off.
    carried.catch(() => undefined);
    await pause(SETTLED_MS);
    console.log(`${place.name}: ${runs} runs under way on two workers, ${kills} kills; ms`);
    for (let kill = 1; kill <= kills; kill += 1) {
      const worker = watch.busiest(holdfast.workers);
      const held = watch.heldBy(worker).length;
      await watch.survive(worker);
      console.log(`  kill ${kill}: of a worker with ${held} runs`);
      if (kill === kills) break;
      await holdfast.startWorker();
      await pause(BETWEEN_MS);
    }
    over = true;
    await carried;
    console.log(delayHead);
    console.log(delayLine('kill to the first event of the survivor', watch.written));
    console.log(delayLine('kill to its arrival at a subscriber', watch.seen));
    console.log(atMost('first event, p50', summaryOf(watch.written).p50, 500));
    console.log(atMost('first event, p99', summaryOf(watch.written).p99, 500));
  } finally {
    over = true;
    await holdfast.stop();
  }
} finally {
  await place.close();
}
