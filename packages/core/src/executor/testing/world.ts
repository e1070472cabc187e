import type { AgentVersion, Content, JsonObject, ModelDelta } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { beginRun, catchUp, type LoadedRun } from '../../log/loaded-run.ts';
import { speak } from '../../log/speak.ts';
import { Redaction } from '../../secrets/redaction.ts';
import type { OfferedBudget } from '../../run/budgets.ts';
import type { PriceList } from '../../run/price-list.ts';
import type { OutsideCommand, WorkerCommand } from '../../run/command.ts';
import { person, RUN } from '../../run/testing/simulation.suite.ts';
import { advance, type AdvancePorts, type Hold, type Take } from '../advance.ts';
import type { ModelOutcome, ModelRequest, OnDelta } from '../model.ts';
import type { ToolOutcome, ToolRequest } from '../tools.ts';
import { MemoryArtifacts, MemoryRuns } from './memory-runs.ts';

export const REF = { tenant: 'acme', run: RUN };

/** A request under way; the test answers it, or it ends by its signal. */
export interface Pending<Request, Outcome> {
  readonly request: Request;
  readonly signal: AbortSignal;
  answer(outcome: Outcome): void;
  /** A model says something before it answers. */
  say(text: string): void;
}

/** One run, its database, model and tools in memory. Hand in the time: fake the timers first. */
export class World {
  readonly artifacts = new MemoryArtifacts();
  readonly models: Pending<ModelRequest, ModelOutcome>[] = [];
  readonly tools: Pending<ToolRequest, ToolOutcome>[] = [];
  readonly deltas: ModelDelta[] = [];
  readonly logged: string[] = [];
  readonly outcomes: string[] = [];
  readonly redaction = new Redaction();
  readonly drain = new AbortController();
  /** What the model answers to its signal. */
  whenAborted: ModelOutcome = { type: 'aborted', content: text('so far') };
  offered: readonly OfferedBudget[] = [];
  prices: PriceList = new Map();
  leaseMs = 5_000;
  lapses = 0;
  readonly #version: AgentVersion;
  #runs: MemoryRuns | null = null;

  private constructor(version: AgentVersion) {
    this.#version = version;
  }

  static async create(version: AgentVersion): Promise<World> {
    const world = new World(version);
    world.#runs = await MemoryRuns.create(world.artifacts, REF, version, {
      type: 'create',
      input: text('hello'),
      metadata: {},
      by: person,
      at: Date.now(),
    });
    return world;
  }

  get runs(): MemoryRuns {
    if (this.#runs === null) throw new Error('the run was not created');
    return this.#runs;
  }

  ports(over: Partial<AdvancePorts> = {}, worker = 'w1'): AdvancePorts {
    const note = (_: object, message: string): void => void this.logged.push(message);
    return {
      runs: this.runs,
      artifacts: this.artifacts,
      budgets: { offers: () => Promise.resolve(this.offered) },
      prices: () => Promise.resolve(this.prices),
      agents: { get: () => Promise.resolve(null), version: () => Promise.resolve(null) },
      versions: () => Promise.resolve(this.#version),
      model: {
        call: (request, signal, onDelta) => pend(this.models, request, signal, this.whenAborted, onDelta),
      },
      tools: {
        call: (request, signal) => pend(this.tools, request, signal, { type: 'no-answer', message: 'aborted' }),
      },
      deltas: { publish: (_, delta) => void this.deltas.push(delta) },
      redaction: this.redaction,
      clock: { now: () => Date.now(), monotonic: () => Date.now() },
      lease: {
        worker,
        remaining: () => this.leaseMs,
        lapses: () => this.lapses,
        start: () => Promise.resolve(),
        deadPeers: () => Promise.resolve([]),
        holderOf: () => Promise.resolve(null),
        tellProblem: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      log: { info: note, warn: note, error: note },
      metrics: {
        modelCalled: (outcome) => void this.outcomes.push(`model ${outcome}`),
        toolCalled: (outcome, effect) => void this.outcomes.push(`${effect} ${outcome}`),
        appended: () => undefined,
        taken: () => undefined,
      },
      patienceMs: 3_000,
      ...over,
    };
  }

  advance(take: Take = { type: 'claim' }, over: Partial<AdvancePorts> = {}, worker = 'w1'): Hold {
    return advance(this.ports(over, worker), REF, take, this.drain.signal);
  }

  /** Claims the run and waits for its first model call. */
  async held(over: Partial<AdvancePorts> = {}): Promise<Hold> {
    const hold = this.advance({ type: 'claim' }, over);
    await this.until(() => this.models.length === 1);
    return hold;
  }

  /** The model asks for these tools; waits until all are under way. */
  async asks(...names: (string | [string, JsonObject])[]): Promise<void> {
    const wanted = this.tools.length + names.length;
    this.modelAnswers(names);
    await this.until(() => this.tools.length === wanted);
  }

  modelAnswers(names: (string | [string, JsonObject])[], content: Content = [], inputTokens = 1): void {
    const toolCalls = names.map((name, index) =>
      typeof name === 'string'
        ? { id: `c${index}`, name, arguments: {} }
        : { id: `c${index}`, name: name[0], arguments: name[1] },
    );
    this.model().answer({
      type: 'answered',
      content,
      toolCalls,
      usage: { input_tokens: inputTokens, output_tokens: 1 },
      finishReason: 'stop',
      model: 'm',
    });
  }

  /** The newest request to the model. */
  model(): Pending<ModelRequest, ModelOutcome> {
    return newest(this.models);
  }

  tool(): Pending<ToolRequest, ToolOutcome> {
    return newest(this.tools);
  }

  /** Somebody outside speaks. */
  async says(command: OutsideCommand | WorkerCommand): Promise<void> {
    const spoken = await speak(this.ports(), REF, { ...command, at: Date.now() });
    if (spoken.type !== 'accepted') throw new Error(`refused: ${JSON.stringify(spoken)}`);
  }

  /** What anybody folds from the log. */
  folded(): Promise<LoadedRun> {
    return catchUp(this.ports(), REF, beginRun(RUN, this.#version));
  }

  /** Lets everything run that needs no time, until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    for (let turn = 0; turn < 5_000; turn += 1) {
      if (condition()) return;
      await Promise.resolve();
    }
    throw new Error(`it did not come to that; the log says ${this.runs.types().join(', ')}`);
  }

  untilLog(...types: string[]): Promise<void> {
    return this.until(() => types.every((type) => this.runs.types().includes(type)));
  }
}

export const answered = (value = 'ok'): ToolOutcome => ({ type: 'answered', content: text(value), isError: false });

function newest<T>(pending: readonly T[]): T {
  const last = pending.at(-1);
  if (last === undefined) throw new Error('nothing was called');
  return last;
}

function pend<Request, Outcome>(
  to: Pending<Request, Outcome>[],
  request: Request,
  signal: AbortSignal,
  aborted: Outcome,
  onDelta: OnDelta = () => undefined,
): Promise<Outcome> {
  return new Promise((resolve) => {
    to.push({ request, signal, answer: resolve, say: onDelta });
    signal.addEventListener('abort', () => resolve(aborted));
  });
}
