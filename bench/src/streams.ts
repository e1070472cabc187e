// 1,000 live streams on one process of API and worker: how long they take to open, what each costs in memory, what the
// process does while nothing happens, and how long events take to the few whose runs are at work.
//   node --conditions=holdfast-source --import tsx bench/src/streams.ts [15 | 18 | pglite] [streams]
import { setTimeout as pause } from 'node:timers/promises';
import { pacedWhenAsked } from './load/agents.ts';
import { delayHead, delayLine } from './load/delays.ts';
import { follow, type Stream } from './load/events.ts';
import { inTurns, startHoldfast, Tenant } from './load/holdfast.ts';
import { openPlace } from './load/place.ts';
import { cpuOf, cpuOfFamily, cpuShares, postmasterOf } from './load/processes.ts';

const wanted = process.argv[2] ?? '15';
const count = Number(process.argv[3] ?? 1_000);
/** Runs that are put to work in the end, with so many streams each; all others have one stream and wait. */
const active = 10;
const listeners = 5;
/** As long as the pause between two heartbeats of a stream, so that each has one. */
const idleSeconds = 15;
const activeSeconds = 10;

const place = await openPlace(wanted);
try {
  const holdfast = await startHoldfast(place.environment);
  try {
    await measure(new Tenant(holdfast.url, holdfast.key), holdfast.api);
  } finally {
    await holdfast.stop();
  }
} finally {
  await place.close();
}

async function measure(tenant: Tenant, server: Awaited<ReturnType<typeof startHoldfast>>['api']): Promise<void> {
  const agent = pacedWhenAsked(25, 50);
  await tenant.publish(agent);
  const runs = await tenant.startRuns(agent.name, count - active * (listeners - 1));
  await allAsk(tenant, runs.length);
  const followed = runs.flatMap((run, index) => Array.from({ length: index < active ? listeners : 1 }, () => run));
  console.log(`${place.name}, API and worker in one process: ${followed.length} streams on ${runs.length} runs`);

  // The first stream loads code.
  const first = await follow(tenant, runs[0] ?? '', () => undefined);
  first.close();
  const before = await server.memory();
  const began = performance.now();
  const delays: number[] = [];
  let measuring = false;
  const streams: readonly Stream[] = await inTurns(followed.length, (index) =>
    follow(tenant, followed[index] ?? '', ({ at, arrived }) => {
      if (measuring) delays.push(arrived - at);
    }),
  );
  const openedMs = performance.now() - began;
  await pause(2_000);
  const after = await server.memory();
  const perStream = (after.used - before.used) / followed.length / 1_024;
  console.log(`  opened by 50 callers in ${openedMs.toFixed(0)} ms`);
  console.log(`  memory a stream, after garbage collection: ${perStream.toFixed(1)} KiB`);
  console.log(
    `  memory of the process, resident: ${mebibytes(before.rss)} without them, ${mebibytes(after.rss)} with them`,
  );

  const own = (): number => cpuOf(server.pid);
  const postmaster = place.kind === 'postgres' ? await postmasterOf(place.address) : null;
  const counters = postmaster === null ? { own } : { own, postgres: () => cpuOfFamily(postmaster) };
  await report('while nothing happens', counters, idleSeconds);

  for (const run of runs.slice(0, active)) await answerOf(tenant, run);
  // Code that has not run often is slow, and is not what is asked about.
  await pause(4_000);
  measuring = true;
  await report(`while ${active} runs take a tool call each 25 to 50 ms`, counters, activeSeconds);
  measuring = false;
  console.log(delayHead);
  console.log(delayLine(`event to subscriber, ms, ${active * listeners} streams`, delays));
  for (const stream of streams) stream.close();
}

async function report(when: string, counters: Readonly<Record<string, () => number>>, seconds: number): Promise<void> {
  const shares = await cpuShares(counters, seconds);
  const parts = Object.entries(shares).map(
    ([name, share]) => `${name === 'own' ? 'process' : name} ${share.toFixed(1)} %`,
  );
  console.log(`  CPU of one core ${when}: ${parts.join(', ')}`);
}

async function allAsk(tenant: Tenant, runs: number): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    const { items } = JSON.parse(await tenant.get('/v1/runs?status=running&limit=1')) as { items: unknown[] };
    const queued = JSON.parse(await tenant.get('/v1/runs?status=queued&limit=1')) as { items: unknown[] };
    if (items.length === 0 && queued.items.length === 0) return;
    if (performance.now() > until) throw new Error(`not all of ${runs} runs came to their question within 60 s`);
    await pause(50);
  }
}

async function answerOf(tenant: Tenant, run: string): Promise<void> {
  const { items } = JSON.parse(await tenant.get(`/v1/attention?run=${run}`)) as { items: { ref: string }[] };
  const [asked] = items;
  if (asked === undefined) throw new Error(`run ${run} asks nothing`);
  await tenant.answer(run, asked.ref, 'go');
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}
