// 100,000 waiting runs, with API and worker in processes of their own: what they cost in memory and CPU, what listing them
// takes, how punctually they wake, and whether a fresh run begins later because of them. One run that waits on a durable
// timer is made through the API; the others are copies of its rows.
//   node --conditions=holdfast-source --import tsx bench/src/waiting.ts [15 | 18] [runs]
import { setTimeout as pause } from 'node:timers/promises';
import { greeter, sleeper } from './load/agents.ts';
import { delayHead, delayLine } from './load/delays.ts';
import { type Holdfast, startHoldfast, Tenant } from './load/holdfast.ts';
import { openOwner, type Owner } from './load/owner.ts';
import { openPlace } from './load/place.ts';
import { cpuOf, cpuOfFamily, cpuShares, postmasterOf } from './load/processes.ts';
import { cloneRun, dueSoon, wakeDelays } from './waiting/rows.ts';
import { startDelays } from './waiting/start-delays.ts';

const wanted = process.argv[2] ?? '15';
const count = Number(process.argv[3] ?? 100_000);
const woken = Math.min(1_000, count);
const wokenOverMs = 5_000;
const idleSeconds = 10;
const day = 86_400;

const place = await openPlace(wanted);
try {
  const holdfast = await startHoldfast(place.environment, { workers: 1 });
  const owner = await openOwner(place, holdfast.api);
  try {
    await measure(holdfast, owner);
  } finally {
    await owner.end();
    await holdfast.stop();
  }
} finally {
  await place.close();
}

async function measure(holdfast: Holdfast, owner: Owner): Promise<void> {
  const tenant = new Tenant(holdfast.url, holdfast.key);
  await tenant.publish(sleeper(day));
  await tenant.publish(greeter);
  const source = await tenant.startRun('sleeper');
  while ((await tenant.statusOf(source)) !== 'waiting') await pause(20);
  // Code that has not run often is slow, and is not what is asked about.
  await startDelays(tenant, owner, 100);

  console.log(`${place.name}, API and worker apart: without and with ${count} waiting runs`);
  const fresh = await startDelays(tenant, owner, 100);
  await report(holdfast, 'without');
  const began = performance.now();
  await cloneRun(owner, source, count - 1);
  const rowsMs = performance.now() - began;
  const { rows } = await owner.query<{ waiting: string; events: string }>(
    `select (select count(*) from holdfast.runs where status = 'waiting') as waiting,
       (select count(*) from holdfast.run_events) as events`,
  );
  const [made] = rows;
  await report(
    holdfast,
    `with (${made?.waiting ?? ''} runs, ${made?.events ?? ''} events, copied in ${(rowsMs / 1_000).toFixed(1)} s)`,
  );
  const freshBeside = await startDelays(tenant, owner, 100);
  const listed = [];
  for (const query of ['status=waiting', 'status=waiting&agent=sleeper', 'status=running'])
    listed.push(delayLine(`  GET /v1/runs?${query}`, await times(20, () => tenant.get(`/v1/runs?${query}`))));
  await dueSoon(owner, { runs: woken, inMs: 2_000, overMs: wokenOverMs });
  const wakes = await wakeDelays(owner, woken);

  console.log(`${delayHead}  (ms)`);
  console.log(delayLine('  a fresh run, creation to claim, without', fresh));
  console.log(delayLine('  a fresh run, creation to claim, with', freshBeside));
  for (const line of listed) console.log(line);
  console.log(delayLine(`  due to awake, ${woken} over ${wokenOverMs / 1_000} s`, wakes));
}

/** Memory, and CPU while nothing happens. */
async function report({ api, workers }: Holdfast, title: string): Promise<void> {
  const [worker] = workers;
  if (worker === undefined) throw new Error('there is no worker');
  const memory = [await api.memory(), await worker.memory()].map(
    ({ used, rss }) => `${mebibytes(used)} of objects, ${mebibytes(rss)} resident`,
  );
  const postmaster = await postmasterOf(place.address);
  const shares = await cpuShares(
    { api: () => cpuOf(api.pid), worker: () => cpuOf(worker.pid), postgres: () => cpuOfFamily(postmaster) },
    idleSeconds,
  );
  const percent = Object.entries(shares).map(([name, share]) => `${name} ${share.toFixed(1)} %`);
  console.log(`  ${title}:`);
  console.log(`    memory: API ${memory[0] ?? ''}; worker ${memory[1] ?? ''}`);
  console.log(`    CPU of one core while nothing happens: ${percent.join(', ')}`);
}

/** How long each takes, ms, one after the other. */
async function times(count: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const took: number[] = [];
  for (let time = 0; time < count; time += 1) {
    const began = performance.now();
    await work();
    took.push(performance.now() - began);
  }
  return took;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}
