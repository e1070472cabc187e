import type { AgentSpecInput } from '@holdfast/contracts';
import { type Child, start } from './child.ts';
import { expectStatus, request } from './http.ts';

const main = new URL('./holdfast-server.ts', import.meta.url);

export interface Holdfast {
  readonly url: string;
  /** The keys of two tenants. */
  readonly key: string;
  readonly otherKey: string;
  /** The process of the API; alone, or the worker's too. */
  readonly api: Child;
  readonly workers: readonly Child[];
  /** Another worker on the same database. */
  startWorker(): Promise<Child>;
  stop(): Promise<void>;
}

/** API and worker in one process, or the API and so many workers in processes of their own. */
export async function startHoldfast(
  environment: Readonly<Record<string, string>>,
  apart: { readonly workers: number } | null = null,
): Promise<Holdfast> {
  const api = await start(main, { ...environment, BENCH_ROLE: apart === null ? 'both' : 'api' });
  const workers: Child[] = [];
  const startWorker = async (): Promise<Child> => {
    const worker = await start(main, { ...environment, BENCH_ROLE: 'worker' });
    workers.push(worker);
    return worker;
  };
  for (let place = 0; place < (apart?.workers ?? 0); place += 1) await startWorker();
  const { url = '', key = '', otherKey = '' } = api.ready;
  return {
    url,
    key,
    otherKey,
    api,
    workers,
    startWorker,
    stop: async () => {
      for (const worker of workers) await worker.stop();
      await api.stop();
    },
  };
}

/** What a tenant asks of the API. */
export class Tenant {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(url: string, key: string) {
    this.url = url;
    this.headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  }

  async publish(agent: AgentSpecInput): Promise<void> {
    expectStatus(201, await this.#ask('POST', '/v1/agents', agent));
  }

  async startRun(agent: string): Promise<string> {
    const text = expectStatus(201, await this.#ask('POST', '/v1/runs', { agent, input: 'go' }));
    return (JSON.parse(text) as { id: string }).id;
  }

  /** Many at once. */
  startRuns(agent: string, count: number): Promise<readonly string[]> {
    return inTurns(count, () => this.startRun(agent));
  }

  async statusOf(run: string): Promise<string> {
    return (JSON.parse(await this.get(`/v1/runs/${run}`)) as { status: string }).status;
  }

  async get(path: string): Promise<string> {
    return expectStatus(200, await this.#ask('GET', path));
  }

  /** Answers the question that a run has asked. */
  async answer(run: string, ref: string, answer: string): Promise<void> {
    expectStatus(200, await this.#ask('POST', `/v1/runs/${run}/attention/${ref}`, { decision: 'answer', answer }));
  }

  #ask(method: 'GET' | 'POST', path: string, body?: object): ReturnType<typeof request> {
    return request(method, `${this.url}${path}`, this.headers, body === undefined ? undefined : JSON.stringify(body));
  }
}

/** Does it so many times, 50 at once. */
export async function inTurns<T>(count: number, work: (place: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const place = next;
      next += 1;
      results[place] = await work(place);
    }
  };
  await Promise.all(Array.from({ length: Math.min(50, count) }, caller));
  return results;
}
