// Appends per second beside bare single-row inserts, in the same run on the same database, every commit synced.
//   node --conditions=holdfast-source --import tsx bench/src/append.ts [15 | 18 | pglite] [seconds per cell] [rounds]
// The rounds take turns, so that a disturbance hits both sides; the best round of each counts.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, type OpenDatabase, openDatabase } from '@holdfast/adapters/postgres';
import { type Append, plainRun, type StoredEvent, type VersionDraft } from '@holdfast/core';
import { database, startPostgres } from '@holdfast/testing/servers';
import pg from 'pg';
import { binOf } from './load/place.ts';

const wanted = process.argv[2] ?? '15';
const seconds = Number(process.argv[3] ?? 1.5);
const rounds = Number(process.argv[4] ?? 3);
const callers = [1, 10, 50];
const sizes = [200, 4_096];
const goal = 1.8;

const projection = {
  status: 'running',
  waitingFor: [],
  dueAt: null,
  attention: { opened: [], closed: [] },
  artifacts: [],
  outbox: [],
  limits: null,
  passesOn: false,
} as const;

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const server = wanted === 'pglite' ? null : await startPostgres({ bin: binOf(wanted), fsync: true });
try {
  const url = server === null ? `pglite://${join(folder, 'data')}` : (await database(server)).url;
  const db = await openDatabase(url);
  await migrate(db);
  console.log(
    `${server === null ? 'PGlite' : `Postgres ${wanted}`}, best of ${rounds} rounds of ${seconds} s; per second`,
  );
  console.log('payload   runs      bare   append   ratio   append of 2 events');
  for (const size of sizes) for (const count of callers) console.log(await measure(db, url, count, size));
  await db.close();
} finally {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(db: OpenDatabase, url: string, count: number, size: number): Promise<string> {
  let [bare, append, pairs] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    bare = Math.max(bare, await bareInserts(db, url, count, size));
    append = Math.max(append, await appends(db, count, size, 1));
    pairs = Math.max(pairs, await appends(db, count, size, 2));
  }
  const ratio = append / bare;
  const judged = server !== null && size === 200 && count === 50;
  const verdict = judged ? `  goal ${goal} ${ratio >= goal ? 'reached' : 'missed'}` : '';
  const cells = [round(bare), round(append), ratio.toFixed(2).padStart(7), round(pairs)];
  return `${String(size).padStart(5)} B ${String(count).padStart(6)} ${cells.join(' ')}${verdict}`;
}

type Insert = (values: unknown[]) => Promise<unknown>;

/** A connection per caller, where there can be more than one, each inserting a row a statement into the same columns. */
async function bareInserts(db: OpenDatabase, url: string, count: number, size: number): Promise<number> {
  await db.connections.lend((sql) =>
    sql.query(`create table if not exists public.bare (
      run_id uuid not null, seq integer not null, tenant_id uuid not null, type text not null, format smallint not null,
      at bigint not null, call_id text, tokens integer, cost_usd_micros bigint, append_id uuid, payload text not null,
      primary key (run_id, seq))`),
  );
  const text =
    'insert into public.bare (run_id, seq, tenant_id, type, format, at, payload) values ($1, $2, $3, $4, 1, $5, $6)';
  const clients = await Promise.all(
    Array.from({ length: server === null ? 0 : count }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  const inserts: Insert[] =
    server === null
      ? Array.from({ length: count }, () => (values) => db.connections.lend((sql) => sql.query(text, values)))
      : clients.map((client) => (values) => client.query({ name: 'bare', text, values }));
  const tenant = randomUUID();
  const rate = await repeat(inserts, (insert) => {
    const run = randomUUID();
    let seq = 0;
    return async () => {
      seq += 1;
      await insert([run, seq, tenant, 'tool.returned', Date.now(), payloadOf(size)]);
    };
  });
  await Promise.all(clients.map((client) => client.end()));
  return rate;
}

/** One run per caller, each waiting for its append before the next. */
async function appends(db: OpenDatabase, count: number, size: number, events: number): Promise<number> {
  const [owner, api] = [await db.owner(), await db.api()];
  const { runs } = await db.worker(`bench-${randomUUID()}`);
  const tenant = randomUUID();
  const key = { id: randomUUID(), name: 'bench', roles: [], secretHash: '', expiresAt: null };
  await owner.createTenant({ id: tenant, name: tenant, slots: 1_000 }, key);
  const versionId = randomUUID();
  await api.agents.publish({ tenant }, versionDraft(versionId), {}, 'hash');
  const ids = await Promise.all(
    Array.from({ length: count }, async () => {
      const run = randomUUID();
      await api.directory.create({
        tenant,
        run,
        agent: 'bench',
        versionId,
        version: 1,
        attributes: plainRun,
        metadata: {},
        event: eventAt(1, size),
        projection: { ...projection, dueAt: 0 },
      });
      return run;
    }),
  );
  return repeat(ids, (run) => {
    let head = 1;
    return async () => {
      const append: Append = {
        tenant,
        run,
        id: randomUUID(),
        expected: head,
        events: Array.from({ length: events }, (_, index) => eventAt(head + 1 + index, size)),
        projection,
        children: [],
        worker: 'bench',
        take: null,
        release: false,
      };
      const outcome = await runs.append(append);
      if (outcome.type !== 'accepted') throw new Error(`The append was ${outcome.type}.`);
      head = outcome.head;
    };
  });
}

async function repeat<T>(callersOf: readonly T[], begin: (caller: T) => () => Promise<void>): Promise<number> {
  let done = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  await Promise.all(
    callersOf.map(async (caller) => {
      const once = begin(caller);
      while (performance.now() < until) {
        await once();
        done += 1;
      }
    }),
  );
  return done / ((performance.now() - startedAt) / 1_000);
}

function eventAt(seq: number, size: number): StoredEvent {
  return {
    seq,
    type: 'tool.returned',
    format: 1,
    at: Date.now(),
    call: '12.0',
    model: null,
    tokens: null,
    costUsdMicros: null,
    appendId: null,
    payload: payloadOf(size),
  };
}

function payloadOf(size: number): string {
  const line = 'the quick brown fox said "jumps" over the lazy dog, and then some; ';
  const text = { call: '12.0', content: [{ type: 'text', text: line.repeat(size / line.length).slice(0, size - 70) }] };
  return JSON.stringify(text);
}

function round(rate: number): string {
  return String(Math.round(rate)).padStart(8);
}

function versionDraft(id: string): VersionDraft {
  return {
    id,
    agent: 'bench',
    description: '',
    instructions: '',
    model: { name: 'none', temperature: null, max_output_tokens: 1, prices: null, fallbacks: [] },
    tools: [],
    limits: { steps: 1, tokens: 1, cost_usd_micros: null, active_ms: 1, deadline_ms: 1 },
    retries: { attempts: 1, first: 1, factor: 1, max: 1, timeout: 1 },
    context: { max_tokens: 1, keep: 'last-turns', then: 'drop' },
    output: null,
    concurrency: null,
    rehearsal: null,
  };
}
