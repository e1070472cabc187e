import {
  type Append,
  type AppendOutcome,
  type BudgetMoves,
  type Hint,
  hintsFor,
  type RunRef,
  type RunStore,
  type StoredEvent,
  type StoredRun,
  type StoredSnapshot,
} from '@holdfast/core';
import { batchParameters, checkAppend, eventParameters, extras, sizeOf } from './append-parameters.ts';
import { type EventRow, eventColumns, eventOf } from './events.ts';
import { GroupCommit } from './group-commit.ts';
import { isUuid } from './ids.ts';
import { type Connections, prepared, type Sql } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';
import { Turns } from './turns.ts';
import { codeOf, insistently } from './unavailable.ts';

/** SQLSTATE of `move_budgets`. */
const BUDGETS_MOVED = 'HF001';

/** An append that was not accepted, by its place in the batch. */
interface Refusal {
  readonly item: number;
  readonly outcome: 'refused' | 'busy' | 'missing' | 'not-yours';
  readonly head: number | null;
}

interface RunRow {
  readonly version_id: string;
  readonly head: number;
  readonly holder: string | null;
  readonly follows: string | null;
  readonly budgeted: boolean;
  readonly snapshot_seq: number | null;
  readonly snapshot_format: string | null;
  readonly snapshot_body: string | null;
}

const placeholders = (count: number): string => Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ');
const appendSql = `select item, outcome, head from holdfast.append(${placeholders(21)})`;
const appendWithBudgetsSql = `select item, outcome, head from holdfast.append_with_budgets(${placeholders(22)})`;
const appendInScopeSql = `select item, outcome, head from holdfast.append_in_scope(${placeholders(16)})`;
const loadSql = `
  select r.version_id, r.head, r.holder, t.last_run as follows,
    exists (
      select from holdfast.budgets b where b.tenant_id = r.tenant_id and (b.agent is null or b.agent = r.agent)
    ) as budgeted, s.seq as snapshot_seq, s.format as snapshot_format, s.body as snapshot_body
  from holdfast.runs r left join holdfast.snapshots s on s.run_id = r.id
    left join holdfast.threads t on t.tenant_id = r.tenant_id and t.id = r.thread_id
  where r.id = $1 and r.tenant_id = $2`;
const tailSql = `
  select ${eventColumns} from holdfast.run_events
  where run_id = $1 and tenant_id = $2
    and seq > coalesce((select s.seq from holdfast.snapshots s where s.run_id = $1), 0)
  order by seq limit 500`;
const eventsSql = `
  select ${eventColumns} from holdfast.run_events
  where run_id = $1 and tenant_id = $2 and seq > $3 order by seq limit $4`;

/** Reading is the same for both logins: inside the run's tenant. */
abstract class ReadingRunStore {
  protected readonly scoped: Scoped;

  constructor(scoped: Scoped) {
    this.scoped = scoped;
  }

  async load(ref: RunRef): Promise<StoredRun | null> {
    if (!isUuid(ref.run) || !isUuid(ref.tenant)) return null;
    const values = [ref.run, ref.tenant];
    const [found, tail] = await this.scoped.readAll(ref, [
      { text: loadSql, values },
      { text: tailSql, values },
    ]);
    const [row] = found as readonly RunRow[];
    if (row === undefined) return null;
    const { snapshot_seq: seq, snapshot_format: format, snapshot_body: body } = row;
    const snapshot = seq === null || format === null || body === null ? null : { seq, format, body };
    return {
      tenant: ref.tenant,
      run: ref.run,
      versionId: row.version_id,
      head: row.head,
      holder: row.holder,
      follows: row.follows,
      budgeted: row.budgeted,
      snapshot,
      tail: (tail as readonly EventRow[]).map(eventOf),
    };
  }

  async eventsAfter(ref: RunRef, after: number, limit: number): Promise<readonly StoredEvent[]> {
    if (!isUuid(ref.run) || !isUuid(ref.tenant)) return [];
    const rows = await this.scoped.read<EventRow>(ref, eventsSql, [ref.run, ref.tenant, after, limit]);
    return rows.map(eventOf);
  }
}

/** The worker's run store: appends of all runs share batches. */
export class WorkerRunStore extends ReadingRunStore implements RunStore {
  readonly #connections: Connections;
  readonly #limitMs: number;
  readonly #loads: Turns;
  readonly #group: GroupCommit<Append, AppendOutcome>;
  readonly #committed: (hints: readonly Hint[]) => void;

  /** A batch that takes longer than `limitMs` is cut off; so many `loads` at once. `committed` hears of runs whose log has grown. */
  constructor(
    connections: Connections,
    scoped: Scoped,
    { limitMs, loads }: { readonly limitMs: number; readonly loads: number },
    committed: (hints: readonly Hint[]) => void,
  ) {
    super(scoped);
    this.#loads = new Turns(loads);
    this.#committed = committed;
    this.#connections = connections;
    this.#limitMs = limitMs;
    this.#group = new GroupCommit<Append, AppendOutcome>({
      send: (batch) => insistently(() => this.#send(batch)),
      key: ({ run }) => run,
      size: sizeOf,
      isBusy: ({ type }) => type === 'busy',
      done: (batch, outcomes) => {
        const grown = batch.filter((_, index) => outcomes[index]?.type === 'accepted');
        if (grown.length > 0) committed(grown.flatMap(hintsFor));
      },
    });
  }

  /** A few at once: where many runs are taken at once, as after a crash, an append finds a connection all the same. */
  override async load(ref: RunRef): Promise<StoredRun | null> {
    return this.#loads.take(() => super.load(ref));
  }

  async append(append: Append): Promise<AppendOutcome> {
    checkAppend(append);
    return append.budgets === undefined ? this.#group.add(append) : this.#alone(append, append.budgets);
  }

  /** It locks rows that many runs share, so it holds up no batch. */
  async #alone(append: Append, moves: BudgetMoves): Promise<AppendOutcome> {
    try {
      const refusals = await insistently(() =>
        this.#connections.lend(
          (sql) => prepared<Refusal>(sql, appendWithBudgetsSql, [...batchParameters([append]), JSON.stringify(moves)]),
          this.#limitMs,
        ),
      );
      const [outcome] = outcomesOf([append], refusals);
      if (outcome === undefined) throw new Error('The database gave no outcome for an append.');
      // What it has returned may be what others wait for.
      const freed = moves.returned.length > 0 ? [{ about: 'due' } as const] : [];
      if (outcome.type === 'accepted') this.#committed([...hintsFor(append), ...freed]);
      return outcome;
    } catch (error) {
      if (codeOf(error) === BUDGETS_MOVED) return { type: 'budgets-moved' };
      throw error;
    }
  }

  async saveSnapshot(ref: RunRef, { seq, format, body }: StoredSnapshot): Promise<void> {
    await this.#connections.lend((sql) =>
      sql.query('select holdfast.save_snapshot($1, $2, $3, $4, $5)', [ref.tenant, ref.run, seq, format, body]),
    );
  }

  async #send(batch: readonly Append[]): Promise<readonly AppendOutcome[]> {
    const refusals = await this.#connections.lend(
      (sql) => prepared<Refusal>(sql, appendSql, batchParameters(batch)),
      this.#limitMs,
    );
    return outcomesOf(batch, refusals);
  }
}

/** The API's run store: one append at a time, in the transaction it is given or in one of its own. */
export class ApiRunStore extends ReadingRunStore implements RunStore {
  readonly #committed: (hints: readonly Hint[]) => void;

  constructor(scoped: Scoped, committed: (hints: readonly Hint[]) => void) {
    super(scoped);
    this.#committed = committed;
  }

  async append(append: Append): Promise<AppendOutcome> {
    checkAppend(append);
    // Only who holds a run, or takes it, moves its allowance.
    if (append.budgets !== undefined)
      throw new Error(`The run ${append.run} holds an allowance; nobody holds the run.`);
    const refusals = await this.scoped.in(append, (sql) => appendInScope(sql, append));
    const [outcome] = outcomesOf([append], refusals);
    if (outcome === undefined) throw new Error('The database gave no outcome for an append.');
    if (outcome.type === 'accepted') this.#committed(hintsFor(append));
    return outcome;
  }

  /** Snapshots are the workers' cache; the API only reads them. */
  async saveSnapshot(): Promise<void> {}
}

function appendInScope(sql: Sql, append: Append): Promise<readonly Refusal[]> {
  const { tenant, run, id, expected, projection, events } = append;
  return prepared<Refusal>(sql, appendInScopeSql, [
    tenant,
    run,
    id,
    expected,
    projection.status,
    JSON.stringify(projection.waitingFor),
    projection.dueAt,
    ...eventParameters(events),
    extras([append]),
  ]);
}

function outcomesOf(batch: readonly Append[], refusals: readonly Refusal[]): AppendOutcome[] {
  const refused = new Map(refusals.map((refusal) => [refusal.item, refusal]));
  return batch.map(({ expected, events }, index) => {
    const refusal = refused.get(index + 1);
    if (refusal === undefined) return { type: 'accepted', head: expected + events.length };
    return refusal.outcome === 'refused' ? { type: 'refused', head: refusal.head ?? 0 } : { type: refusal.outcome };
  });
}
