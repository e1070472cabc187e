// Tenant A has 10,000 runs queued, tenant B starts a run now and then, and some together. How long B waits for a worker and
// for its results, beside how long it does alone. Alone and beside the flood take turns, so that a machine that is busy
// otherwise is so for both.
//   node --conditions=holdfast-source --import tsx bench/src/flood.ts [15 | 18 | pglite] [rounds]
import { setTimeout as pause } from 'node:timers/promises';
import { Flood } from './flood/flood.ts';
import { brief, greeter } from './load/agents.ts';
import { percentile } from './load/callers.ts';
import { delaysBetween } from './load/delays-between.ts';
import { startHoldfast, Tenant } from './load/holdfast.ts';
import { openOwner, type Owner } from './load/owner.ts';
import { openPlace } from './load/place.ts';
import { tenSteps } from './versus/holdfast-load.ts';

const place = await openPlace(process.argv[2] ?? '15');
const rounds = Number(process.argv[3] ?? 5);
const kinds = (process.argv[4] ?? 'waits,computes').split(',');
const queued = 10_000;
const single = { everyMs: 50, count: 80 };
const together = 100;

/** What A's runs do: wait for their tools most of the time, as runs with models do, or nothing but Holdfast's own work. */
const floods = { waits: brief(10, 100, 300), long: { ...brief(300, 100, 300), name: 'long' }, computes: tenSteps };

interface Waits {
  readonly name: string;
  readonly alone: number[][];
  readonly beside: number[][];
}

try {
  const holdfast = await startHoldfast(place.environment, place.kind === 'pglite' ? null : { workers: 2 });
  const owner = await openOwner(place, holdfast.api);
  try {
    const [a, b] = [new Tenant(holdfast.url, holdfast.key), new Tenant(holdfast.url, holdfast.otherKey)];
    for (const agent of [...Object.values(floods), greeter]) for (const tenant of [a, b]) await tenant.publish(agent);
    // Code that has not run often is slow, and is not what is asked about.
    await finished(owner, await b.startRuns(tenSteps.name, 300));
    for (const [kind, agent] of Object.entries(floods))
      if (kinds.includes(kind)) await measure(kind, agent.name, a, b, owner);
  } finally {
    await owner.end();
    await holdfast.stop();
  }
} finally {
  await place.close();
}

async function measure(kind: string, agent: string, a: Tenant, b: Tenant, owner: Owner): Promise<void> {
  const flood = await Flood.of(owner, a, agent, queued);
  const kept: Waits[] = [
    'one: wait for a worker',
    'one: to its end',
    `${together} together: wait`,
    `${together} together: to the end`,
  ].map((name) => ({ name, alone: [], beside: [] }));
  const phase = async (into: 'alone' | 'beside'): Promise<void> => {
    const results = [...(await oneByOne(b, owner)), ...(await atOnce(b, owner, agent === 'long' ? 'brief' : agent))];
    kept.forEach((waits, index) => waits[into].push(results[index] ?? []));
  };
  for (let round = 0; round < rounds; round += 1) {
    await phase('alone');
    await flood.begin();
    const [held, before, began] = [await flood.held(), await flood.queued(), performance.now()];
    await phase('beside');
    const ended = before - (await flood.queued());
    console.log(
      `  round ${round}: A holds ${held}, ${((ended * 1_000) / (performance.now() - began)).toFixed(0)} of its runs begin a second, ${before - ended} queued`,
    );
    await flood.end();
  }
  console.log(`${place.name}: A's runs ${kind}`);
  console.log(
    `${''.padEnd(30)}${['alone p50', 'p95', 'beside p50', 'p95', 'ratio p50', 'p95', 'of each pair'].map((c) => c.padStart(12)).join('')}`,
  );
  for (const { name, alone, beside } of kept) {
    const cells = [alone, beside].flatMap((all) => [0.5, 0.95].map((share) => at(all.flat(), share)));
    const ratios = [0.5, 0.95].map((share) =>
      alone.map((pair, index) => at(beside[index] ?? [], share) / at(pair, share)),
    );
    const middle = ratios.map((all) => at(all, 0.5));
    console.log(
      `  ${name.padEnd(28)}${[...cells.map((ms) => ms.toFixed(0)), ...middle.map((r) => r.toFixed(2))].map((c) => c.padStart(12)).join('')}   ${(ratios[0] ?? []).map((r) => r.toFixed(1)).join(' ')} | ${(ratios[1] ?? []).map((r) => r.toFixed(1)).join(' ')}`,
    );
  }
}

async function oneByOne(tenant: Tenant, owner: Owner): Promise<readonly number[][]> {
  const started: Promise<string>[] = [];
  for (let run = 0; run < single.count; run += 1) {
    started.push(tenant.startRun(greeter.name));
    await pause(single.everyMs * (0.5 + Math.random()));
  }
  return delaysOf(owner, await Promise.all(started));
}

async function atOnce(tenant: Tenant, owner: Owner, agent: string): Promise<readonly number[][]> {
  return delaysOf(owner, await tenant.startRuns(agent, together));
}

async function delaysOf(owner: Owner, runs: readonly string[]): Promise<readonly number[][]> {
  await finished(owner, runs);
  return [
    [...(await delaysBetween(owner, runs, 'run.created', 'run.claimed'))],
    [...(await delaysBetween(owner, runs, 'run.created', 'run.succeeded'))],
  ];
}

async function finished(owner: Owner, runs: readonly string[]): Promise<void> {
  await delaysBetween(owner, runs, 'run.created', 'run.succeeded');
}

function at(values: readonly number[], share: number): number {
  return percentile(
    values.toSorted((left, right) => left - right),
    share,
  );
}
