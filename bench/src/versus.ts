// Runs of ten steps over HTTP, beside two floors and DBOS, each on a database of its own on the same server, every commit
// synced. The rounds take turns, so that a disturbance hits all of them; the best round of each counts.
//   node --conditions=holdfast-source --import tsx bench/src/versus.ts [15 | 18 | pglite] [seconds per cell] [rounds]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { database, startPostgres } from '@holdfast/testing/servers';
import { best, closedLoop, type Load, percentile } from './load/callers.ts';
import { start } from './load/child.ts';
import { expectStatus, request } from './load/http.ts';
import { binOf } from './load/place.ts';
import { bareInserts } from './versus/floors.ts';
import { type Footprint, footprintOf } from './versus/footprint.ts';
import { startHoldfast } from './versus/holdfast-load.ts';

const wanted = process.argv[2] ?? '15';
const seconds = Number(process.argv[3] ?? 4);
const rounds = Number(process.argv[4] ?? 3);
const callers = [1, 10, 50];

/** Each with databases of its own, which are made when they are first asked for. */
interface Place {
  readonly name: string;
  database(of: string): Promise<string>;
  close(): Promise<void>;
}

type Row = {
  readonly callers: number;
  readonly holdfast: Load;
  readonly a: Load;
  readonly b: Load;
  readonly dbos: Load;
};

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const place = await openPlace();
console.log(`${place.name}: runs of ten steps a second, best of ${rounds} rounds of ${seconds} s; p50 in ms`);
try {
  for (const bytes of [0, 4_096]) await measure(bytes);
} finally {
  await place.close();
  rmSync(folder, { recursive: true, force: true });
}

async function openPlace(): Promise<Place> {
  if (wanted === 'pglite')
    return {
      name: 'PGlite',
      database: (of) => Promise.resolve(`pglite://${join(folder, of)}`),
      close: () => Promise.resolve(),
    };
  const server = await startPostgres({ bin: binOf(wanted), fsync: true });
  const made = new Map<string, string>();
  return {
    name: `Postgres ${wanted}`,
    database: async (of) => {
      const known = made.get(of) ?? (await database(server)).url;
      made.set(of, known);
      return known;
    },
    close: () => server.stop(),
  };
}

async function measure(bytes: number): Promise<void> {
  const environment = {
    DATA_DIR: join(folder, `data-${bytes}`),
    DATABASE_URL: await place.database(`holdfast-${bytes}`),
    BENCH_BYTES: String(bytes),
    LOG_LEVEL: 'error',
    WORKER_CONCURRENCY: '200',
  };
  const footprint = await firstFootprint(environment);
  const rows: Row[] = [];
  for (const count of callers) {
    const loads = { holdfast: [] as Load[], a: [] as Load[], b: [] as Load[], dbos: [] as Load[] };
    for (let round = 0; round < rounds; round += 1) {
      loads.holdfast.push(await ofHoldfast(environment, count));
      loads.dbos.push(await ofDbos(bytes, count));
      const size = Math.round(footprint.bytes / footprint.appends);
      const floor = await place.database('floor');
      loads.a.push(await bareInserts(floor, count, seconds, { inserts: 12, bytes: size }));
      loads.b.push(await bareInserts(floor, count, seconds, { inserts: footprint.appends, bytes: size }));
    }
    rows.push({
      callers: count,
      holdfast: best(loads.holdfast),
      a: best(loads.a),
      b: best(loads.b),
      dbos: best(loads.dbos),
    });
  }
  print(bytes, footprint, rows);
}

/** Some runs, to count what one writes and to warm the disk. */
async function firstFootprint(environment: Readonly<Record<string, string>>): Promise<Footprint> {
  const holdfast = await startHoldfast(environment);
  await holdfast.load(10, 1);
  await holdfast.stop();
  return footprintOf(await place.database(`holdfast-${environment['BENCH_BYTES'] ?? ''}`));
}

async function ofHoldfast(environment: Readonly<Record<string, string>>, count: number): Promise<Load> {
  const holdfast = await startHoldfast(environment);
  try {
    await holdfast.load(count, 1);
    return await holdfast.load(count, seconds);
  } finally {
    await holdfast.stop();
  }
}

async function ofDbos(bytes: number, count: number): Promise<Load> {
  const child = await start(new URL('./versus/dbos-server.ts', import.meta.url), {
    DATABASE_URL: await place.database(`dbos-${bytes}`),
    BENCH_BYTES: String(bytes),
  });
  const run = async (): Promise<unknown> =>
    expectStatus(201, await request('POST', `${child.ready['url'] ?? ''}/run`, {}, '{}'));
  try {
    await closedLoop(count, 1, run);
    return await closedLoop(count, seconds, run);
  } finally {
    await child.stop();
  }
}

function print(bytes: number, footprint: Footprint, rows: readonly Row[]): void {
  const result = bytes === 0 ? 'empty results' : `results of ${bytes} bytes`;
  console.log(`\n${result}: ${footprint.appends} appends and ${footprint.bytes} bytes of events a run`);
  console.log('callers   holdfast   floor A   floor B      DBOS    / A    / B   / DBOS   p50   DBOS p50   ratio');
  for (const { callers: count, holdfast, a, b, dbos } of rows) {
    const [ours, theirs] = [percentile(holdfast.latencies, 0.5), percentile(dbos.latencies, 0.5)];
    const ratio = (other: Load): string => (holdfast.perSecond / other.perSecond).toFixed(2).padStart(6);
    const cells = [
      String(count).padStart(7),
      rate(holdfast).padStart(10),
      rate(a).padStart(9),
      rate(b).padStart(9),
      rate(dbos).padStart(9),
      ratio(a),
      ratio(b),
      ratio(dbos).padStart(8),
      ours.toFixed(1).padStart(5),
      theirs.toFixed(1).padStart(10),
      (ours / theirs).toFixed(2).padStart(7),
    ];
    console.log(cells.join(' '));
  }
  const [one, fifty] = [rows.find((row) => row.callers === 1), rows.find((row) => row.callers === 50)];
  if (one === undefined || fifty === undefined) return;
  const median = percentile(one.holdfast.latencies, 0.5) / percentile(one.dbos.latencies, 0.5);
  if (wanted === 'pglite') {
    verdict('50 callers, beside DBOS', fifty.holdfast.perSecond / fifty.dbos.perSecond, 10);
  } else {
    verdict('50 callers, beside floor B', fifty.holdfast.perSecond / fifty.b.perSecond, 1);
    verdict('50 callers, beside DBOS', fifty.holdfast.perSecond / fifty.dbos.perSecond, 5);
    verdict('1 caller, half of the p50 of DBOS', 0.5 / median, 1);
  }
}

function verdict(what: string, ratio: number, goal: number): void {
  console.log(`  ${what}: ${ratio.toFixed(2)}, goal ${goal}: ${ratio >= goal ? 'reached' : 'missed'}`);
}

function rate(load: Load): string {
  return load.perSecond.toFixed(load.perSecond < 100 ? 1 : 0);
}
