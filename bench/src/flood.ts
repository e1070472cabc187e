// One tenant's flood against another's wait: A queues 2,000 runs of ten steps at once, B starts a run now and then. How
// long B's runs wait from their creation to their claim, beside A's own, and B's when it is alone. API and worker are in
// one process with the default number of runs at once.
//   node --conditions=holdfast-source --import tsx bench/src/flood.ts [15 | 18] [runs]
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { delaysBetween } from './load/delays-between.ts';
import { delayHead, delayLine } from './load/delays.ts';
import { startHoldfast, Tenant } from './load/holdfast.ts';
import { openPlace } from './load/place.ts';
import { tenSteps } from './versus/holdfast-load.ts';

const wanted = process.argv[2] ?? '15';
const count = Number(process.argv[3] ?? 2_000);
const everyMs = 100;
const aloneMs = 5_000;
/** Longer is no flood but a bench that never ends. */
const floodMs = 45_000;

const place = await openPlace(wanted);
try {
  const owner = new pg.Client({ connectionString: place.address });
  await owner.connect();
  const holdfast = await startHoldfast(place.environment);
  try {
    const [a, b] = [new Tenant(holdfast.url, holdfast.key), new Tenant(holdfast.url, holdfast.otherKey)];
    for (const tenant of [a, b]) await tenant.publish(tenSteps);
    await measure(a, b, owner);
  } finally {
    await owner.end();
    await holdfast.stop();
  }
} finally {
  await place.close();
}

async function measure(a: Tenant, b: Tenant, owner: pg.Client): Promise<void> {
  // Code that has not run often is slow, and is not what is asked about.
  await a.startRuns(tenSteps.name, 200);
  if (!(await until(() => idle(a), floodMs)))
    console.log(`  a slow machine: the runs that warm it up had not ended within ${floodMs} ms`);
  console.log(`${place.name}: A queues ${count} runs of ten steps at once, B starts one each ${everyMs} ms`);
  const alone = await nowAndThen(b, () => Promise.resolve(false), aloneMs);
  const began = performance.now();
  const flood = a.startRuns(tenSteps.name, count);
  let [queued, queuedMs] = [false, 0];
  const accepted = flood.then(() => {
    [queued, queuedMs] = [true, performance.now() - began];
  });
  const beside = await nowAndThen(b, async () => queued && (await idle(a)), floodMs);
  await accepted;
  const doneMs = performance.now() - began;
  console.log(
    `  accepted in ${seconds(queuedMs)} s, ${(await idle(a)) ? 'done in' : 'a slow machine: not done after'} ${seconds(doneMs)} s`,
  );
  console.log(`${delayHead}  (ms)`);
  const waits = async (runs: readonly string[]): Promise<readonly number[]> =>
    delaysBetween(owner, runs, 'run.created', 'run.claimed');
  console.log(delayLine("  B's wait for a worker, alone", await waits(alone)));
  console.log(delayLine("  B's wait for a worker, beside the flood", await waits(beside)));
  console.log(delayLine("  A's own wait in its flood", await waits(await flood)));
  // With every place of the worker taken, B waits until one of A's runs ends.
  const lengths = await delaysBetween(owner, await flood, 'run.claimed', 'run.succeeded');
  console.log(delayLine("  A's runs, from claim to end", lengths));
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

/** Starts a run every so often, however long the last one takes; until it is over, or `ms` have passed. */
async function nowAndThen(tenant: Tenant, over: () => Promise<boolean>, ms: number): Promise<readonly string[]> {
  const started: Promise<string>[] = [];
  const began = performance.now();
  while (performance.now() - began < ms && !(await over())) {
    started.push(tenant.startRun(tenSteps.name));
    await pause(everyMs);
  }
  return Promise.all(started);
}

/** Whether no run of the tenant is queued or at work. */
async function idle(tenant: Tenant): Promise<boolean> {
  for (const status of ['queued', 'running']) {
    const { items } = JSON.parse(await tenant.get(`/v1/runs?status=${status}&limit=1`)) as { items: unknown[] };
    if (items.length > 0) return false;
  }
  return true;
}

/** Whether it came to be so in time. */
async function until(condition: () => Promise<boolean>, ms: number): Promise<boolean> {
  const giveUpAt = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) return false;
    await pause(50);
  }
  return true;
}
