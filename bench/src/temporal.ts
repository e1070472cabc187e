// Runs of ten steps on Temporal, beside workflows of Temporal alone on the same server, in turns.
//   node --conditions=holdfast-source --import tsx bench/src/temporal.ts [seconds per cell] [rounds]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareNamespace } from '@holdfast/driver-temporal';
import { database, installedProgram, startPostgres, startTemporal } from '@holdfast/testing/servers';
import { best, closedLoop, type Load, percentile } from './load/callers.ts';
import { start } from './load/child.ts';
import { expectStatus, request } from './load/http.ts';
import { binOf } from './load/place.ts';
import { startHoldfast } from './versus/holdfast-load.ts';

const seconds = Number(process.argv[2] ?? 8);
const rounds = Number(process.argv[3] ?? 2);
const callers = [1, 10, 50];
const raw = ['tenActivities', 'tenLocalActivities', 'oneActivity', 'nothing'] as const;

const bin = installedProgram('temporal');
if (bin === undefined) throw new Error('needs Temporal: bash scripts/servers.sh install');
const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const postgres = await startPostgres({ bin: binOf('15'), fsync: true });
const temporal = await startTemporal(bin);
const { address } = temporal;
await prepareNamespace({
  address,
  namespace: 'default',
  taskQueue: '',
  advanceTaskQueue: '',
  tls: null,
  apiKey: null,
  token: null,
});
const environment = {
  DATA_DIR: join(folder, 'data'),
  DATABASE_URL: (await database(postgres)).url,
  TEMPORAL_ADDRESS: address,
  LOG_LEVEL: 'error',
  WORKER_CONCURRENCY: '200',
};

try {
  console.log(`runs a second, best of ${rounds} rounds of ${seconds} s; Temporal's development server, Postgres 15`);
  console.log(
    `callers  ${['holdfast', ...raw].map((name) => name.padStart(20)).join('')}   / one   / ten   p50   p50 of one`,
  );
  for (const count of callers) {
    const loads: Record<string, Load[]> = {};
    for (let round = 0; round < rounds; round += 1) {
      (loads['holdfast'] ??= []).push(await ofHoldfast(count));
      for (const name of raw) (loads[name] ??= []).push(await ofRaw(name, count));
    }
    const top = (name: string): Load => best(loads[name] ?? []);
    const ours = top('holdfast');
    const cells = ['holdfast', ...raw].map((name) => top(name).perSecond.toFixed(1).padStart(20));
    const ratio = (name: string): string => (ours.perSecond / top(name).perSecond).toFixed(2).padStart(7);
    const p50 = (load: Load): string => percentile(load.latencies, 0.5).toFixed(0).padStart(6);
    console.log(
      `${String(count).padStart(7)}  ${cells.join('')} ${ratio('oneActivity')} ${ratio('tenActivities')} ${p50(ours)} ${p50(top('oneActivity'))}`,
    );
  }
  await countEvents();
} finally {
  await temporal.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function ofHoldfast(count: number): Promise<Load> {
  const holdfast = await startHoldfast(environment);
  try {
    await holdfast.load(count, 2);
    return await holdfast.load(count, seconds);
  } finally {
    await holdfast.stop();
  }
}

async function ofRaw(name: string, count: number): Promise<Load> {
  const child = await start(new URL('./temporal/raw-server.ts', import.meta.url), { TEMPORAL_ADDRESS: address });
  const run = async (): Promise<unknown> =>
    expectStatus(201, await request('POST', `${child.ready['url'] ?? ''}/${name}`, {}, ''));
  try {
    await closedLoop(count, 2, run);
    return await closedLoop(count, seconds, run);
  } finally {
    await child.stop();
  }
}

/** What one of each leaves in Temporal's history. */
async function countEvents(): Promise<void> {
  const counts = new Map<string, number>();
  for (const type of ['carryRun', ...raw]) {
    const listed = await temporal.cli('workflow', 'list', '-q', `WorkflowType="${type}"`, '--limit', '1', '-o', 'json');
    const [one] = JSON.parse(listed) as { execution: { workflowId: string } }[];
    if (one === undefined) continue;
    const shown = await temporal.cli('workflow', 'show', '-w', one.execution.workflowId, '-o', 'json');
    counts.set(type, (JSON.parse(shown) as { events: unknown[] }).events.length);
  }
  console.log(`events in Temporal's history: ${[...counts].map(([type, events]) => `${type} ${events}`).join(', ')}`);
}
