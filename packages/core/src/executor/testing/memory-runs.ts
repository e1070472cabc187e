import type { AgentVersion } from '@holdfast/contracts';
import { fromOutside, appendOf } from '../../log/append-of.ts';
import type { ArtifactStore } from '../../log/artifact-store.ts';
import { beginRun, extendBy } from '../../log/loaded-run.ts';
import {
  type Append,
  type AppendOutcome,
  DatabaseUnavailable,
  type Projection,
  type RunStore,
  type StoredRun,
  type StoredSnapshot,
} from '../../log/run-store.ts';
import type { StoredEvent } from '../../log/stored-event.ts';
import type { Command } from '../../run/command.ts';
import { handle } from '../../run/handle.ts';
import type { RunRef } from '../../tenant-scope.ts';

/** What the database does with the next append. */
export type Mischief =
  /** Throws; nothing was committed. */
  | 'away'
  /** Commits, then throws: the answer is lost. */
  | 'answer-lost'
  | 'busy';

/** Files in memory. */
export class MemoryArtifacts implements ArtifactStore {
  readonly files = new Map<string, Uint8Array>();

  put(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void> {
    this.files.set(`${ref.tenant}/${ref.run}/${digest}`, bytes);
    return Promise.resolve();
  }

  get(ref: RunRef, digest: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.files.get(`${ref.tenant}/${ref.run}/${digest}`) ?? null);
  }

  async copy(from: RunRef, to: RunRef, digest: string): Promise<boolean> {
    const bytes = await this.get(from, digest);
    if (bytes !== null) await this.put(to, digest, bytes);
    return bytes !== null;
  }
}

/** The log of one run in memory, with the fence of the real one; it misbehaves when told to. */
export class MemoryRuns implements RunStore {
  readonly events: StoredEvent[] = [];
  readonly appends: Append[] = [];
  readonly mischief: Mischief[] = [];
  readonly snapshots: StoredSnapshot[] = [];
  projection: Projection | null = null;
  holder: string | null = null;
  budgeted = false;
  /** How many appends that take of budgets find them changed. */
  budgetsMoved = 0;
  /** Away for good: every call throws. */
  away = false;
  /** Called before an append is looked at: somebody else may be quicker. */
  before: (append: Append) => Promise<void> | void = () => undefined;
  readonly #versionId: string;

  constructor(version: AgentVersion) {
    this.#versionId = version.id;
  }

  /** Creates the run, as the API does. */
  static async create(
    artifacts: ArtifactStore,
    ref: RunRef,
    version: AgentVersion,
    command: Command,
  ): Promise<MemoryRuns> {
    const runs = new MemoryRuns(version);
    const unborn = beginRun(ref.run, version);
    const handled = handle(unborn.state, command);
    if ('refused' in handled) throw new Error(handled.refused.message);
    const { run, events } = extendBy(unborn, handled.events, command.at);
    await runs.append(await appendOf(artifacts, ref, unborn.state, run.state, events, command.at, fromOutside));
    return runs;
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  load(ref: RunRef): Promise<StoredRun | null> {
    this.#look();
    const { holder } = this;
    return Promise.resolve({
      ...ref,
      versionId: this.#versionId,
      head: this.events.length,
      holder,
      follows: null,
      budgeted: this.budgeted,
      snapshot: this.snapshots.at(-1) ?? null,
      tail: this.events.slice(this.snapshots.at(-1)?.seq ?? 0).slice(0, 500),
    });
  }

  eventsAfter(_: RunRef, after: number, limit: number): Promise<readonly StoredEvent[]> {
    this.#look();
    return Promise.resolve(this.events.slice(after, after + limit));
  }

  async append(append: Append): Promise<AppendOutcome> {
    this.appends.push(append);
    this.#look();
    await this.before(append);
    const mischief = this.mischief.shift();
    if (mischief === 'away') throw new DatabaseUnavailable('the database is away');
    if (mischief === 'busy') return { type: 'busy' };
    const outcome = this.#write(append);
    if (mischief === 'answer-lost') throw new DatabaseUnavailable('the answer was lost');
    return outcome;
  }

  saveSnapshot(_: RunRef, snapshot: StoredSnapshot): Promise<void> {
    this.snapshots.push(snapshot);
    return Promise.resolve();
  }

  /** The database loses commits. */
  goBackTo(head: number): void {
    this.events.length = head;
  }

  #write(append: Append): AppendOutcome {
    if (append.expected !== this.events.length) return { type: 'refused', head: this.events.length };
    if (append.take?.type === 'claim' && this.holder !== null) return { type: 'not-yours' };
    if (append.take?.type === 'take-over' && this.holder !== append.take.from) return { type: 'not-yours' };
    if (this.budgetsMoved > 0 && append.budgets !== undefined) {
      this.budgetsMoved -= 1;
      return { type: 'budgets-moved' };
    }
    this.events.push(...append.events);
    this.projection = append.projection;
    if (append.worker !== null) this.holder = append.release ? null : append.worker;
    return { type: 'accepted', head: this.events.length };
  }

  #look(): void {
    if (this.away) throw new DatabaseUnavailable('the database is away');
  }
}
