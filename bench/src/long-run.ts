import { parseArgs } from 'node:util';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import { rehearsalCatalog } from '@holdfast/adapters/models';
import { migrate, openDatabase } from '@holdfast/adapters/postgres';
import { text } from '@holdfast/contracts';
import {
  appendOf,
  beginRun,
  cachedVersions,
  extendBy,
  fromOutside,
  handle,
  LocalDeltas,
  plainRun,
  Redaction,
  startWorker,
  type VersionDraft,
  type WorkerPorts,
  currentPrices,
} from '@holdfast/core';
import { embeddedDriver } from '@holdfast/driver-embedded';
import { prepareNamespace, temporalDriver, type TemporalSettings } from '@holdfast/driver-temporal';
import { installedProgram, postgresVersions, startPostgres, startTemporal } from '@holdfast/testing/servers';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';

// One run of many steps: is the last step as cheap as the tenth?
//   node --conditions=holdfast-source --import tsx bench/src/long-run.ts [--steps 10000] [--on temporal]
const { values } = parseArgs({ options: { steps: { type: 'string', default: '10000' }, on: { type: 'string' } } });
const steps = Number(values.steps);
const temporal = values.on === 'temporal' ? await temporalServer() : null;
const installed = postgresVersions().at(-1);
if (installed === undefined) throw new Error('needs a Postgres: bash scripts/servers.sh install');

const server = await startPostgres({ bin: installed.bin, fsync: true });
const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'));
const database = await openDatabase(server.url);
await migrate(database);
const tenant = uuidv7();
const key = { id: uuidv7(), name: 'bench', roles: ['admin'], secretHash: '0'.repeat(64), expiresAt: null } as const;
await (await database.owner()).createTenant({ id: tenant, name: 'bench', slots: 10 }, key);
const { agents, directory } = await database.api();
const retries = { attempts: 3, first: 100, factor: 2, max: 1_000, timeout: 10_000 };
const draft: VersionDraft = {
  id: uuidv7(),
  agent: 'long',
  description: '',
  instructions: 'Go on.',
  model: { name: 'rehearsal', temperature: null, max_output_tokens: 100, prices: null, fallbacks: [] },
  tools: [
    {
      name: 'nothing',
      source: { type: 'mcp', server: 'none', tool: 'nothing' },
      description: 'Does nothing.',
      input_schema: {},
      hash: '0'.repeat(64),
      effect: 'once',
      approval: null,
      retries,
    },
  ],
  limits: {
    steps: steps + 10,
    tokens: 1_000_000_000,
    cost_usd_micros: null,
    active_ms: 86_400_000,
    deadline_ms: 86_400_000,
  },
  retries,
  context: { max_tokens: 4_000, keep: 'last-turns', then: 'drop' },
  output: null,
  concurrency: null,
  // A step is a model or a tool call, so each turn of the plan makes two.
  rehearsal: [
    { calls: [{ tool: 'nothing', args: {} }], repeat: Math.floor(steps / 2) },
    { say: 'Done.', calls: [], repeat: 1 },
  ],
};
const { version } = await agents.publish({ tenant }, draft, {}, draft.id);

const begun: number[] = [];
const worker = await database.worker(uuidv7());
const artifacts = new FileArtifactStore(folder);
const quiet = { info: () => undefined, warn: console.warn, error: console.error };
const ports: WorkerPorts = {
  ...worker,
  prices: currentPrices(worker.prices, database.clock),
  artifacts,
  clock: database.clock,
  hints: database.hints,
  log: quiet,
  versions: cachedVersions((scope, id) => worker.agents.versionById(scope, id)),
  model: rehearsalCatalog(),
  deltas: new LocalDeltas(),
  redaction: new Redaction(),
  tools: {
    call: () => {
      begun.push(performance.now());
      return Promise.resolve({ type: 'answered', content: text('nothing'), isError: false });
    },
  },
  metrics: {
    modelCalled: () => undefined,
    toolCalled: () => undefined,
    appended: () => undefined,
    taken: () => undefined,
  },
  patienceMs: 10_000,
};
const running = await startWorker(
  ports,
  { watchPeersMs: 150, modelLimits: new Map() },
  {},
  temporal === null
    ? embeddedDriver(ports, 10)
    : temporalDriver(
        {
          ...ports,
          directory,
          engine: { reachable: () => undefined, began: () => undefined, unheard: () => undefined },
          page: () => null,
        },
        temporal.settings,
        10,
      ),
);

const run = uuidv7();
const ref = { tenant, run };
const before = beginRun(run, version);
const at = database.clock.now();
const by = { type: 'api-key', id: key.id, roles: [] } as const;
const created = handle(before.state, { type: 'create', input: text('go'), metadata: {}, by: { ...by, roles: [] }, at });
if ('refused' in created) throw new Error(created.refused.message);
const after = extendBy(before, created.events, at);
const append = await appendOf(artifacts, ref, before.state, after.run.state, after.events, at, fromOutside);
const [event] = append.events;
if (event === undefined) throw new Error('no first event');
await directory.create({
  ...ref,
  agent: 'long',
  versionId: version.id,
  version: version.number,
  attributes: plainRun,
  metadata: {},
  event,
  projection: append.projection,
});

let status = '';
while (!['succeeded', 'failed', 'cancelled'].includes(status)) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  status = (await directory.get(ref))?.status ?? '';
}
await running.drain(5_000);
await database.close();

// A turn is one model and one tool call: two steps. Windows of 50 turns (100 steps), medians.
const turns = begun.slice(1).map((time, index) => time - (begun[index] ?? time));
const median = (window: readonly number[]): number =>
  window.toSorted((a, b) => a - b)[Math.floor(window.length / 2)] ?? 0;
const window = (from: number): string => {
  const ms = median(turns.slice(from, from + 50));
  return `${(ms / 2).toFixed(3)} ms a step`;
};
const places = [5, 50, 250, 1_000, 2_500, turns.length - 50].filter(
  (place) => place >= 5 && place <= turns.length - 50,
);
console.log(
  `${status}: ${begun.length * 2} steps in ${(((begun.at(-1) ?? 0) - (begun[0] ?? 0)) / 1_000).toFixed(1)} s`,
);
for (const place of places) console.log(`  from step ${String(place * 2).padStart(6)}: ${window(place)}`);
console.log(`  last / tenth: ${(median(turns.slice(-50)) / median(turns.slice(5, 55))).toFixed(2)}`);

const client = new pg.Client(server.url);
await client.connect();
await client.query('select pg_stat_force_next_flush()');
const { rows } = await client.query<{ updated: string; hot: string }>(
  "select n_tup_upd as updated, n_tup_hot_upd as hot from pg_stat_user_tables where schemaname = 'holdfast' and relname = 'runs'",
);
for (const { updated, hot } of rows)
  console.log(`  HOT: ${hot} of ${updated} updates of runs (${((100 * Number(hot)) / Number(updated)).toFixed(1)} %)`);
await client.end();
if (temporal !== null) {
  const shown = await temporal.server.cli('workflow', 'show', '-w', run, '-o', 'json');
  console.log(`  events in Temporal's history: ${(JSON.parse(shown) as { events: unknown[] }).events.length}`);
  await temporal.server.stop();
}
await server.stop();
rmSync(folder, { recursive: true });

async function temporalServer() {
  const bin = installedProgram('temporal');
  if (bin === undefined) throw new Error('needs Temporal: bash scripts/servers.sh install');
  const server = await startTemporal(bin);
  const settings: TemporalSettings = {
    address: server.address,
    namespace: 'default',
    taskQueue: 'bench',
    advanceTaskQueue: 'bench',
    tls: null,
    apiKey: null,
    token: null,
  };
  await prepareNamespace(settings);
  return { server, settings };
}
