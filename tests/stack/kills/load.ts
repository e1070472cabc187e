import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Holdfast } from '@holdfast/sdk';
import type { Stack } from '../harness/start-stack.ts';
import { askForToken } from '../support/machine-token.ts';
import { type Kind, Seen, type Span } from './seen.ts';

/** Between the acceptance of a run and the next start, ms; of each of those who start. */
const PACE_MS = 1_000;
const STARTERS = 2;
/** Until a client whose SDK gave up begins anew, and between two looks at what waits for a person. */
const AGAIN_MS = 500;
const PROBE_MS = 250;
const PROBE_LIMIT_MS = 5_000;

/** Payments of each run, each with a note: effects that are counted elsewhere. Then a file, an answer: about a second. */
export const PAYMENTS = 2;
const payer = (name: string) => ({
  name,
  model: { name: 'rehearsal' },
  tools: [
    { mcp: 'effects', allow: ['pay'], effect: 'once' as const, timeout: '10s' },
    { mcp: 'effects', allow: ['note'], effect: 'idempotent' as const, timeout: '10s' },
    { builtin: 'artifacts.write' as const },
  ],
  rehearsal: [
    {
      calls: [
        { tool: 'pay', args: { ms: 200 } },
        { tool: 'note', args: { ms: 200 } },
      ],
      repeat: PAYMENTS,
    },
    { calls: [{ tool: 'artifacts_write', args: { name: 'receipt.txt', content: 'paid' } }] },
    { say: 'All done.' },
  ],
});

/** A run of the load, as the one who started it follows it. */
export interface Followed {
  readonly id: string;
  readonly acceptedAt: number;
  /** The number of the last event. */
  head: number;
  /** Its end, as the last event says it, and when. */
  end: { readonly type: string; readonly at: number } | null;
  /** Events that came twice, or of which one before was missing. */
  outOfOrder: number;
}

/**
 * Users, all through the edge: some start runs all the time, each is followed to its end, a person decides what nobody
 * knows, and somebody reads, logs in and loads a file every quarter of a second. They try again as the SDK does, and
 * when it gives up, they begin anew, with the same idempotency key.
 */
export class Load {
  readonly seen = new Seen();
  readonly runs: Followed[] = [];
  readonly agent = `load-${randomUUID().slice(0, 8)}`;
  /** Keys of `once` calls whose effect nobody had seen, so that a person said that it failed. */
  readonly saidFailed = new Set<string>();
  /** How often the SDK gave up, by what it said. */
  readonly gaveUp = new Map<string, number>();
  readonly #stack: Stack;
  readonly #client: Holdfast;
  readonly #starters: Promise<void>[] = [];
  readonly #readers: Promise<void>[] = [];
  readonly #others: Promise<void>[] = [];
  readonly #over = new AbortController();
  #starting = true;

  private constructor(stack: Stack) {
    this.#stack = stack;
    // One listener for each run that is followed.
    setMaxListeners(0, this.#over.signal);
    this.#client = new Holdfast({
      url: stack.edge,
      key: stack.key,
      fetch: (input, init) => this.#watched(kindOf(input, init), () => fetch(input, init)),
    });
  }

  static async begin(stack: Stack): Promise<Load> {
    const load = new Load(stack);
    await load.#client.agents.publish(payer(load.agent));
    const first = await load.#client.runs.start({ agent: load.agent });
    await load.#client.runs.result(first.id);
    const [file] = (await load.#client.artifacts.list(first.id)).items;
    const key = { authorization: `Bearer ${stack.key}` };
    load.#starters.push(...Array.from({ length: STARTERS }, () => load.#startOneByOne()));
    load.#others.push(
      load.#decide(),
      load.#probe('read', () => fetch(`${stack.edge}/v1/me`, { headers: key, signal: limit() })),
      load.#probe('file', () =>
        fetch(`${stack.edge}/v1/runs/${first.id}/artifacts/${file?.digest ?? ''}`, { headers: key, signal: limit() }),
      ),
      // A program that has no token yet.
      load.#probe('login', () => askForToken(stack.edge, limit())),
    );
    return load;
  }

  /** Nothing more is started; what was accepted is followed to its end, for at most `withinMs`. */
  async finish(withinMs: number): Promise<void> {
    this.#starting = false;
    await Promise.all(this.#starters);
    await Promise.race([Promise.all(this.#readers), pause(withinMs, undefined, { ref: false })]);
    this.#over.abort();
    await Promise.all([...this.#readers, ...this.#others]);
  }

  /** Every run of the load that the API knows, with what it says of it. */
  async known(): Promise<{ readonly id: string; readonly status: string; readonly head: number }[]> {
    const all = [];
    for await (const { id, status, head } of this.#client.runs.list({ agent: this.agent, limit: 200 }))
      all.push({ id, status, head });
    return all;
  }

  /** Of those under way at some moment of the span: from the acceptance to the end, ms; what has not ended goes on. */
  longestRun({ from, to }: Span): number {
    const now = Date.now();
    const lengths = this.runs
      .map(({ acceptedAt, end }) => ({ acceptedAt, endedAt: end?.at ?? now }))
      .filter(({ acceptedAt, endedAt }) => acceptedAt <= to && endedAt >= from)
      .map(({ acceptedAt, endedAt }) => endedAt - acceptedAt);
    return Math.max(0, ...lengths);
  }

  async #startOneByOne(): Promise<void> {
    while (this.#starting) {
      const idempotencyKey = randomUUID();
      const { id } = await this.#patiently('start', () =>
        this.#client.runs.start({ agent: this.agent }, { idempotencyKey }),
      );
      this.seen.accepted();
      const run: Followed = { id, acceptedAt: Date.now(), head: 0, end: null, outOfOrder: 0 };
      this.runs.push(run);
      this.#readers.push(this.#follow(run));
      await pause(PACE_MS);
    }
  }

  async #follow(run: Followed): Promise<void> {
    const { signal } = this.#over;
    while (run.end === null && !signal.aborted) {
      try {
        for await (const { seq, type } of this.#client.runs.events(run.id, { after: run.head, signal })) {
          if (/^(model|tool)\./.test(type)) this.seen.progress();
          if (seq !== run.head + 1) run.outOfOrder += 1;
          run.head = seq;
          if (ends.has(type)) run.end = { type, at: Date.now() };
        }
      } catch (error) {
        if (!signal.aborted) await this.#again('stream', error);
      }
    }
  }

  /** Until it is done, however often that fails. */
  async #patiently<T>(what: Kind, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await this.#again(what, error);
      }
    }
  }

  async #again(what: Kind, error: unknown): Promise<void> {
    const said = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    this.gaveUp.set(said, (this.gaveUp.get(said) ?? 0) + 1);
    await pause(AGAIN_MS);
  }

  /** As a person would, who looks whether it has happened. */
  async #decide(): Promise<void> {
    const decided = new Set<string>();
    while (!this.#over.signal.aborted) {
      await pause(AGAIN_MS);
      const { items } = await this.#client.attention
        .list({ agent: this.agent, limit: 200 })
        .page()
        .catch(() => ({ items: [] }));
      if (items.length === 0) continue;
      const counted = await this.#stack.counter.timesByKey('pay');
      for (const { run_id: run, ref, kind } of items) {
        if (!decided.has(`${run} ${ref}`)) this.seen.asked();
        decided.add(`${run} ${ref}`);
        const effect = `${run}.${ref}`;
        const unknown = counted.has(effect)
          ? { decision: 'done' as const, content: 'pay counted' }
          : { decision: 'fail' as const };
        const decision = kind === 'unknown-effect' ? unknown : { decision: 'retry' as const };
        // Before it is sent: its answer may be lost.
        if (decision.decision === 'fail') this.saidFailed.add(effect);
        await this.#client.attention.decide(run, ref, decision).catch(() => undefined);
      }
    }
  }

  async #probe(kind: Kind, ask: () => Promise<Response>): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#watched(kind, ask)
        .then((answer) => answer.arrayBuffer())
        .catch(() => undefined);
      await pause(PROBE_MS);
    }
  }

  async #watched(kind: Kind | null, ask: () => Promise<Response>): Promise<Response> {
    try {
      const answer = await ask();
      if (kind !== null) this.seen.answer(kind, answer.status);
      return answer;
    } catch (error) {
      // Those who have heard enough are not refused.
      if (kind !== null && !this.#over.signal.aborted) this.seen.answer(kind, null);
      throw error;
    }
  }
}

const ends: ReadonlySet<string> = new Set(['run.succeeded', 'run.failed', 'run.cancelled']);

const limit = (): AbortSignal => AbortSignal.timeout(PROBE_LIMIT_MS);

/** Of the requests of the SDK: those that matter here. */
function kindOf(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): Kind | null {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  if (init?.method === 'POST' && pathname === '/v1/runs') return 'start';
  return pathname.endsWith('/events') ? 'stream' : null;
}
