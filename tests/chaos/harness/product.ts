import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApiStores, openDatabase } from '@holdfast/adapters/postgres';
import { type AttentionResource, Holdfast, type WireEvent } from '@holdfast/sdk';
import { freePort } from '@holdfast/testing/servers';
import { Child } from './child.ts';
import { Counter } from './counter.ts';
import { holderIn } from './holder.ts';
import type { KillSpec } from './kill-points.ts';
import { readLog } from './read-log.ts';

export interface ProductOptions {
  /** null: PGlite, with everything in one process. */
  readonly postgres: string | null;
  /** The address of the Temporal server that carries the runs; null or left out: workers do by themselves. */
  readonly temporal?: string | null;
  readonly workers?: number;
  readonly hints?: 'on' | 'off';
  /** Where a worker, or the API, dies, once. */
  readonly kill?: Omit<KillSpec, 'token'>;
  /** Further settings. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The whole product in child processes, with a tool whose effects are counted by yet another process. */
export class Product {
  readonly folder: string;
  readonly counter: Counter;
  readonly client: Holdfast;
  readonly url: string;
  readonly key: string;
  readonly workers: Child[] = [];
  readonly #env: Record<string, string>;
  readonly #embedded: boolean;
  #api: Child | null = null;
  #stopped = false;

  private constructor(
    folder: string,
    counter: Counter,
    url: string,
    key: string,
    env: Record<string, string>,
    embedded: boolean,
  ) {
    this.folder = folder;
    this.counter = counter;
    this.url = url;
    this.key = key;
    this.client = new Holdfast({ url, key, validate: true });
    this.#env = env;
    this.#embedded = embedded;
  }

  static async start({
    postgres,
    temporal = null,
    workers = 2,
    hints = 'on',
    kill,
    environment = {},
  }: ProductOptions): Promise<Product> {
    const folder = await mkdtemp(join(tmpdir(), 'hf-chaos-'));
    const counter = await Counter.start(join(folder, 'effects'));
    const servers = { servers: { effects: { command: process.execPath, args: [effectServer, counter.url] } } };
    await writeFile(join(folder, 'tools.json'), JSON.stringify(servers));
    const port = await freePort();
    const env: Record<string, string> = {
      DATABASE_URL: postgres ?? `pglite://${join(folder, 'database')}`,
      DATA_DIR: join(folder, 'data'),
      TOOL_SERVERS_FILE: join(folder, 'tools.json'),
      PORT: String(port),
      WAKE_HINTS: hints,
      // Room for the runs of a worker that died.
      WORKER_CONCURRENCY: '200',
      // Hundreds of runs are started at once, by one key.
      RATE_LIMITS: 'off',
      LOG_LEVEL: process.env['CHAOS_LOG'] === '1' ? 'info' : 'error',
      // A queue of its own: other products share the server.
      ...(temporal === null ? {} : { TEMPORAL_ADDRESS: temporal, TEMPORAL_TASK_QUEUE: basename(folder) }),
      ...environment,
    };
    if (kill !== undefined) env['CHAOS_KILL'] = JSON.stringify({ ...kill, token: join(folder, 'killed') });
    const embedded = postgres === null;
    const empty = process.env['CHAOS_EMPTY_PGLITE'];
    if (embedded && empty !== undefined) await cp(empty, join(folder, 'database'), { recursive: true });
    const api = await Child.start(embedded ? 'both' : 'api', { ...env, CHAOS_SET_UP: '1' });
    const product = new Product(folder, counter, `http://127.0.0.1:${port}`, api.ready['key'] ?? '', env, embedded);
    product.#api = api;
    if (embedded) product.workers.push(api);
    else await Promise.all(Array.from({ length: workers }, () => product.startWorker()));
    return product;
  }

  /** The API; on PGlite the worker with it. `environment`: for this process alone. */
  async startApi(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#api = await Child.start(this.#embedded ? 'both' : 'api', { ...this.#env, ...environment });
    if (this.#embedded) this.workers.splice(0, 1, this.#api);
  }

  async startWorker(environment: Readonly<Record<string, string>> = {}): Promise<Child> {
    const worker = await Child.start('worker', { ...this.#env, ...environment });
    this.workers.push(worker);
    return worker;
  }

  get api(): Child {
    if (this.#api === null) throw new Error('the API was not started');
    return this.#api;
  }

  /** SIGKILL to a worker and a new one in its place; on PGlite to the one process. */
  async killAndReplace(index: number): Promise<void> {
    const worker = this.workers[index];
    if (worker === undefined) throw new Error(`there is no worker ${index}`);
    await worker.kill();
    if (this.#embedded) return this.startApi();
    this.workers.splice(index, 1);
    await this.startWorker();
  }

  /** The place in `workers` of the one that holds the run with this log; -1: none of them. */
  holderOf(events: readonly WireEvent[]): number {
    const holder = holderIn(events);
    return this.workers.findIndex(({ ready }) => ready['worker'] === holder);
  }

  /** Waits until the planned death has happened; on PGlite the process is started again. */
  async died(): Promise<void> {
    await Promise.race(this.workers.map((worker) => worker.ended));
    // A test that failed meanwhile has stopped everything.
    if (this.#embedded && !this.#stopped) await this.startApi();
  }

  /** Waits until the API has died as planned, and starts it again. */
  async apiDied(): Promise<void> {
    await this.api.ended;
    await this.startApi();
  }

  async publish(agent: object): Promise<void> {
    await this.client.agents.publish({ json: JSON.stringify(agent) });
  }

  events(run: string): Promise<WireEvent[]> {
    return readLog(this.url, this.key, run);
  }

  /** Starts runs in this order, each once, also while the API is away. */
  async started(bodies: readonly Parameters<Holdfast['runs']['start']>[0][]): Promise<string[]> {
    const runs: string[] = [];
    for (const body of bodies) {
      const idempotencyKey = randomUUID();
      const { id } = await until('a start', 60_000, () => this.client.runs.start(body, { idempotencyKey }));
      runs.push(id);
    }
    return runs;
  }

  /** The run when it has ended, or when a person is asked. */
  async settled(run: string, timeoutMs = 60_000): Promise<{ status: string; attention: readonly AttentionResource[] }> {
    return until(`run ${run} to end or ask`, timeoutMs, async () => {
      const { status } = await this.client.runs.get(run);
      const { items } = await this.client.attention.list({ run }).page();
      return ended.has(status) || items.length > 0 ? { status, attention: items } : null;
    });
  }

  async ended(run: string, timeoutMs = 60_000): Promise<string> {
    return until(`run ${run} to end`, timeoutMs, async () => {
      const { status } = await this.client.runs.get(run);
      return ended.has(status) ? status : null;
    });
  }

  /** What its database says, once all processes are gone: PGlite belongs to one at a time. */
  async looked<T>(look: (stores: ApiStores) => Promise<T>): Promise<T> {
    await this.#kill();
    const database = await openDatabase(this.#env['DATABASE_URL'] ?? '', { hints: false });
    try {
      return await look(await database.api());
    } finally {
      await database.close();
    }
  }

  async #kill(): Promise<void> {
    for (const worker of this.workers) {
      worker.signal('SIGCONT');
      await worker.kill();
    }
    await this.#api?.kill();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#kill();
    this.counter.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const ended = new Set(['succeeded', 'failed', 'cancelled']);

const OFTEN_MS = 20;
const SELDOM_MS = 100;

/**
 * Asks until there is an answer, often at first, then seldom: asking costs the processes that are waited for. Errors
 * while a process is away count as none.
 */
export async function until<T>(what: string, timeoutMs: number, ask: () => Promise<T | null>): Promise<T> {
  const giveUpAt = Date.now() + timeoutMs;
  let last: unknown;
  for (let pauseMs = OFTEN_MS; ; pauseMs = Math.min(SELDOM_MS, pauseMs * 1.2)) {
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > giveUpAt) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

const effectServer = fileURLToPath(new URL('./effect-server.mjs', import.meta.url));
