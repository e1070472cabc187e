// How long an event takes to a subscriber: from its own time (`at`), which it is given before its commit, to its arrival
// at an SSE client in another process. Runs take a tool call every 25 to 50 ms, each with one stream.
//   node --conditions=holdfast-source --import tsx bench/src/delivery.ts [15 | 18 | pglite] [seconds] [runs]
import { setTimeout as pause } from 'node:timers/promises';
import { paced } from './load/agents.ts';
import { atMost, delayHead, delayLine, summaryOf } from './load/delays.ts';
import { follow } from './load/events.ts';
import { startHoldfast, Tenant } from './load/holdfast.ts';
import { openPlace, type Place } from './load/place.ts';

const wanted = process.argv[2] ?? '15';
const seconds = Number(process.argv[3] ?? 10);
const runs = Number(process.argv[4] ?? 20);
/** Code that has not run often is slow, and is not what is asked about. */
const WARM_UP_MS = 4_000;

const place = await openPlace(wanted);
try {
  console.log(`${place.name}: ${runs} runs, a tool call each 25 to 50 ms, over ${seconds} s; event to subscriber, ms`);
  console.log(delayHead);
  const results: [string, readonly number[]][] = [['API and worker in one process', await measure(place, null)]];
  // PGlite is in one process.
  if (place.kind === 'postgres') results.push(['API and worker apart', await measure(place, { workers: 1 })]);
  for (const [title, delays] of results) console.log(delayLine(title, delays));
  for (const [title, delays] of results) {
    const { p50, p99 } = summaryOf(delays);
    console.log(atMost(`${title}, p50`, p50, 5));
    console.log(atMost(`${title}, p99`, p99, 25));
  }
} finally {
  await place.close();
}

async function measure({ environment }: Place, apart: { workers: number } | null): Promise<readonly number[]> {
  const holdfast = await startHoldfast(environment, apart);
  try {
    const tenant = new Tenant(holdfast.url, holdfast.key);
    await tenant.publish(paced(25, 50));
    const delays: number[] = [];
    let measuring = false;
    const ids = await tenant.startRuns('paced', runs);
    const streams = await Promise.all(
      ids.map((run) =>
        follow(tenant, run, ({ at, arrived }) => {
          if (measuring) delays.push(arrived - at);
        }),
      ),
    );
    await pause(WARM_UP_MS);
    measuring = true;
    await pause(seconds * 1_000);
    for (const stream of streams) stream.close();
    return delays;
  } finally {
    await holdfast.stop();
  }
}
