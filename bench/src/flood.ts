// Tenant A has 10,000 runs queued, tenant B starts one now and then, and later some together. How long B waits for a worker
// and for its results, beside how long it does alone. Alone and beside the flood take turns, so that what else the machine
// does, it does to both. On Postgres two workers, in processes of their own; on PGlite all is in one.
//   node --conditions=holdfast-source --import tsx bench/src/flood.ts [15 | 18 | pglite] [rounds] [short,long,busy]
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentSpecInput } from '@holdfast/contracts';
import { Flood } from './flood/flood.ts';
import { brief, greeter } from './load/agents.ts';
import { percentile } from './load/callers.ts';
import { delaysBetween } from './load/delays-between.ts';
import { startHoldfast, Tenant } from './load/holdfast.ts';
import { openOwner, type Owner } from './load/owner.ts';
import { openPlace } from './load/place.ts';
import { tenSteps } from './versus/holdfast-load.ts';

const [wanted = '15', rounds = '4', kinds = 'short,long,busy'] = process.argv.slice(2);
const queued = 10_000;
const single = { everyMs: 50, count: 80 };
const together = 100;

/** A run that spends its time in tools, of about a second each, as others do with models. */
const steps = (name: string, count: number): AgentSpecInput => ({ ...brief(count, 500, 1_500), name });
/** A's runs: of ten such steps, of a hundred, or of nothing but Holdfast's own work. */
const floods = { short: steps('short', 10), long: steps('long', 100), busy: tenSteps };
/** B's runs that start together. */
const three = steps('three', 3);
const batch = { short: three, long: three, busy: tenSteps };

interface Times {
  readonly name: string;
  /** ms, by round. */
  readonly alone: (readonly number[])[];
  readonly beside: (readonly number[])[];
}

const place = await openPlace(wanted);
try {
  const holdfast = await startHoldfast(place.environment, place.kind === 'pglite' ? null : { workers: 2 });
  const owner = await openOwner(place, holdfast.api);
  try {
    const [a, b] = [new Tenant(holdfast.url, holdfast.key), new Tenant(holdfast.url, holdfast.otherKey)];
    for (const tenant of [a, b])
      for (const agent of [...Object.values(floods), three, greeter]) await tenant.publish(agent);
    // Code that has not run often is slow, and is not what is asked about.
    await timesOf(owner, await b.startRuns(tenSteps.name, 300));
    for (const kind of ['short', 'long', 'busy'] as const)
      if (kinds.split(',').includes(kind)) await measure(kind, a, b, owner);
  } finally {
    await owner.end();
    await holdfast.stop();
  }
} finally {
  await place.close();
}

async function measure(kind: keyof typeof floods, a: Tenant, b: Tenant, owner: Owner): Promise<void> {
  const flood = await Flood.of(owner, a, floods[kind].name, queued);
  const names = ['one: to its worker', 'one: to its end', `${together} together: to a worker`, 'to the end'];
  const times: readonly Times[] = names.map((name) => ({ name, alone: [], beside: [] }));
  const phase = async (into: 'alone' | 'beside'): Promise<void> => {
    const ones = await timesOf(owner, await nowAndThen(b));
    const many = await timesOf(owner, await b.startRuns(batch[kind].name, together));
    times.forEach((each, index) => each[into].push([...ones, ...many][index] ?? []));
  };
  let held = 0;
  for (let round = 0; round < Number(rounds); round += 1) {
    await phase('alone');
    await flood.begin();
    held = await flood.held();
    await phase('beside');
    await flood.end();
  }
  console.log(`${place.name}, A's ${queued} runs are ${kind} and hold ${held} places; B, ms:`);
  const head = ['alone p50', 'p95', 'beside p50', 'p95', 'ratio p50', 'p95'];
  console.log(`${''.padEnd(30)}${head.map((cell) => cell.padStart(11)).join('')}  ratios of each round, p50 | p95`);
  for (const { name, alone, beside } of times) {
    const cells = [alone, beside].flatMap((all) => [at(all.flat(), 0.5), at(all.flat(), 0.95)]);
    const [middle = [], most = []] = [0.5, 0.95].map((share) =>
      alone.map((without, round) => at(beside[round] ?? [], share) / at(without, share)),
    );
    const ratios = [at(middle, 0.5), at(most, 0.5)].map((ratio) => ratio.toFixed(2));
    const line = [...cells.map((ms) => ms.toFixed(0)), ...ratios].map((cell) => cell.padStart(11)).join('');
    console.log(
      `  ${name.padEnd(28)}${line}  ${[middle, most].map((all) => all.map((ratio) => ratio.toFixed(1)).join(' ')).join(' | ')}`,
    );
  }
}

async function nowAndThen(tenant: Tenant): Promise<readonly string[]> {
  const started: Promise<string>[] = [];
  for (let run = 0; run < single.count; run += 1) {
    started.push(tenant.startRun(greeter.name));
    await pause(single.everyMs * (0.5 + Math.random()));
  }
  return Promise.all(started);
}

/** Of each run, from its creation to its worker, and to its end. */
async function timesOf(owner: Owner, runs: readonly string[]): Promise<readonly (readonly number[])[]> {
  const ends = await delaysBetween(owner, runs, 'run.created', 'run.succeeded');
  return [await delaysBetween(owner, runs, 'run.created', 'run.claimed'), ends];
}

function at(values: readonly number[], share: number): number {
  return percentile(
    values.toSorted((left, right) => left - right),
    share,
  );
}
