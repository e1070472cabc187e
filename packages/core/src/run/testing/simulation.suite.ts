import type { Actor, AgentVersion, RunEvent } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { beginRun, extend, type LoadedRun } from '../../log/loaded-run.ts';
import { begunAfter } from '../begun-after.ts';
import { plan } from '../../executor/plan.ts';
import { nextTime } from '../attention.ts';
import type { BudgetNeed } from '../budgets.ts';
import type { Command, OutsideCommand, WorkerCommand } from '../command.ts';
import { noPrices, type PriceList } from '../price-list.ts';
import { openCalls } from '../state.ts';
import { pins, version as defaultVersion } from './versions.ts';

export const RUN = '018f0000-0000-7000-8000-0000000000aa';
const FORK = '018f0000-0000-7000-8000-0000000000bb';
export const person: Actor = { type: 'api-key', id: 'k1', roles: ['operator'] };

type Asked = Partial<Extract<OutsideCommand, { type: 'create' }>>;

/** A run without any I/O: commands go in, events are kept, and begun calls lie open until the test ends them. */
export class Simulation {
  readonly events: RunEvent[] = [];
  run: LoadedRun;
  now = 1_000_000;
  /** `tool.called` events in order: what a worker really began. */
  readonly begun: { call: string; attempt: number; effect: string; key: string }[] = [];
  readonly refusals: string[] = [];
  readonly aborted: string[] = [];
  /** What models cost from here on. */
  prices: PriceList = noPrices;
  /** What the next call needs of the budgets. */
  need: BudgetNeed | null = null;

  constructor(version = defaultVersion(), input = 'hello', copied: readonly RunEvent[] = [], asked: Asked = {}) {
    this.events.push(...copied);
    this.run = copied.reduce(extend, beginRun(copied.length === 0 ? RUN : FORK, version));
    if (copied.length === 0)
      this.say({ type: 'create', input: text(input), metadata: {}, agents: pins(version), by: person, ...asked });
  }

  /** A fork of this run after event `at`, as the API makes it. */
  fork(at: number, over: Partial<Extract<OutsideCommand, { type: 'fork' }>> = {}, version?: AgentVersion): Simulation {
    const { run, events } = this;
    const fork = new Simulation(version ?? run.state.version, '', events.slice(0, at));
    fork.now = this.now;
    const began = begunAfter(events, at);
    const { limits } = fork.run.state.version;
    fork.say({
      type: 'fork',
      from: run.state.run,
      input: text('hello'),
      limits,
      metadata: {},
      began,
      by: person,
      ...over,
    });
    return fork;
  }

  /** Claims the run for a worker and performs what may begin. */
  claim(worker = 'w1'): void {
    this.do({ type: 'claim', worker });
  }

  /** A command from outside is appended by the API, which starts nothing. */
  say(command: OutsideCommand): boolean {
    return this.#take({ ...command, at: this.now } as Command, true);
  }

  /** A command of the holder; what may begin begins. */
  do(command: WorkerCommand): boolean {
    return this.#take({ ...command, at: this.now } as Command, false);
  }

  /** The holder looks up: somebody spoke, or time passed. */
  look(): void {
    this.#take(null, false);
  }

  advanceTime(ms: number): void {
    this.now += ms;
  }

  /** Moves to the moment at which a rule has something to do. */
  advanceToNext(): boolean {
    const time = nextTime(this.run.state);
    if (time === null) return false;
    this.now = Math.max(this.now, time);
    this.look();
    return true;
  }

  open(): ReturnType<typeof openCalls> {
    return this.run.state.phase === 'live' ? openCalls(this.run.state) : [];
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  #take(command: Command | null, outside: boolean): boolean {
    const planned = plan(
      this.run,
      command === null ? [] : [command],
      this.now,
      outside ? 'nothing' : 'all',
      this.prices,
    );
    this.events.push(...planned.events);
    this.run = planned.run;
    this.refusals.push(...planned.refused.map(({ refusal }) => refusal.code));
    this.aborted.push(...planned.aborts);
    this.need = planned.need;
    for (const start of planned.starts) if (start.do === 'call-tool') this.begun.push(start.intent.data);
    return planned.refused.length === 0;
  }

  /** The state folded anew from the log alone. */
  replayed(): LoadedRun {
    return this.events.reduce(extend, beginRun(this.run.state.run, this.run.state.version));
  }
}
