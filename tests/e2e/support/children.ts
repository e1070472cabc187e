import { expect } from 'vitest';
import type { TestServer } from './server.ts';

interface Event {
  readonly seq: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** A tenant's view of the server, with what tests about runs of runs ask for. */
export class Family {
  readonly #server: TestServer;
  readonly #key: string;

  private constructor(server: TestServer, key: string) {
    this.#server = server;
    this.#key = key;
  }

  static async open(server: TestServer, name: string): Promise<Family> {
    return new Family(server, (await server.tenant(name)).key);
  }

  static with(server: TestServer, key: string): Family {
    return new Family(server, key);
  }

  async ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { status, json } = await this.#server.ask(this.#key, method, `/v1${path}`, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  async publish(...agents: readonly object[]): Promise<void> {
    for (const agent of agents) await this.ask('POST', '/agents', agent);
  }

  async start(agent: string, over: object = {}): Promise<string> {
    return String((await this.ask('POST', '/runs', { agent, input: 'go', ...over }))['id']);
  }

  run(id: string): Promise<Record<string, unknown>> {
    return this.ask('GET', `/runs/${id}`);
  }

  async events(id: string): Promise<readonly Event[]> {
    return (await this.ask('GET', `/runs/${id}/events?limit=1000`))['items'] as Event[];
  }

  async of(id: string, type: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.events(id)).filter((event) => event.type === type).map(({ data }) => data);
  }

  /** The runs that this run has started, in order, once there are so many. */
  async children(id: string, count = 1): Promise<readonly string[]> {
    await this.until(async () => (await this.of(id, 'child.started')).length >= count);
    return (await this.of(id, 'child.started')).map(({ run }) => String(run));
  }

  async attention(): Promise<readonly Record<string, unknown>[]> {
    return (await this.ask('GET', '/attention'))['items'] as Record<string, unknown>[];
  }

  async decide(run: string, ref: string, decision: object): Promise<void> {
    await this.ask('POST', `/runs/${run}/attention/${ref}`, decision);
  }

  /** Waits until the run has that status. */
  async becomes(id: string, status: string): Promise<Record<string, unknown>> {
    let seen: Record<string, unknown> = {};
    await this.until(async () => (seen = await this.run(id))['status'] === status).catch(async () => {
      expect({ seen, events: (await this.events(id)).map(({ type }) => type) }).toBe(status);
    });
    return seen;
  }

  async until(condition: () => Promise<boolean>): Promise<void> {
    await expect.poll(condition, { timeout: 30_000, interval: 20 }).toBe(true);
  }
}

/** Says what it was told, after asking for these calls. */
export const helper = (name: string, calls: readonly object[] = [], over: object = {}) => ({
  name,
  description: `Helps as ${name}.`,
  model: { max_output_tokens: 10 },
  tools: [{ builtin: 'ask' }, { builtin: 'artifacts.write', approval: {} }],
  limits: { steps: 10_000, tokens: 100_000_000 },
  rehearsal: [...(calls.length === 0 ? [] : [{ calls }]), { say: `${name} heard {{input}}` }],
  ...over,
});

/** Calls these agents, each time all at once, and says what the last one said. */
export const boss = (name: string, agents: readonly string[], over: object = {}) => ({
  ...helper(name),
  tools: [...new Set(agents)].map((agent) => ({ agent })),
  rehearsal: [
    { calls: agents.map((tool, index) => ({ tool, args: { input: `task ${index}` } })) },
    { say: '{{results}} answered, at last: {{last}}' },
  ],
  ...over,
});
