import type { Limits } from '@holdfast/contracts';
import type {
  ArtifactRow,
  AttentionFilter,
  AttentionKind,
  CapacityProblem,
  CopiedRun,
  Deletion,
  Hint,
  NewRun,
  OpenAttention,
  RunAttributes,
  RunDirectory,
  RunFilter,
  RunRef,
  RunStatus,
  RunSummary,
  StoredRun,
  WhyWaits,
  TenantScope,
  UsageAsked,
  UsageGroup,
  ViewedRun,
  WaitingFor,
} from '@holdfast/core';
import { artifactRows } from './artifact-rows.ts';
import { checkAppend, eventParameters, extras } from './append-parameters.ts';
import { arrayLiteral } from './array-literal.ts';
import { deletedHints, type DeletionRow, deletionOf } from './deletion.ts';
import { type EventRow, eventColumns, eventOf } from './events.ts';
import { isUuid } from './ids.ts';
import { runConditions } from './run-conditions.ts';
import type { Connections } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';
import { usage } from './usage.ts';

interface SummaryRow {
  readonly id: string;
  readonly agent: string;
  readonly version: number;
  readonly status: RunStatus;
  readonly waiting_for: string;
  /** The active run of the thread in which it waits; null: it does not. */
  readonly active_run: string | null;
  readonly head: number;
  readonly agent_limit: number | null;
  readonly model: string | null;
  readonly tags: string[];
  readonly priority: number;
  readonly concurrency_key: string | null;
  readonly start_at: number | null;
  readonly expires_at: number | null;
  readonly thread_id: string | null;
  readonly starter: string;
  readonly parent_id: string | null;
  readonly parent_call: string | null;
  readonly forked_from: string | null;
  readonly forked_at: number | null;
  readonly schedule_id: string | null;
  readonly schedule_tick: number | null;
  readonly limits: string | null;
  readonly tokens: number;
  readonly cost_usd_micros: number;
  readonly metadata: string;
  readonly created_at: number;
  readonly updated_at: number;
}

interface AttentionRowOfRun {
  readonly run_id: string;
  readonly agent: string;
  readonly ref: string;
  readonly kind: AttentionKind;
  readonly call_id: string | null;
  readonly role: string | null;
  readonly approvers: string[] | null;
  readonly since: number;
  readonly until: number | null;
  readonly detail: string;
}

/**
 * Who is active in a thread is not in a run's log, so an append does not know it, and another run may have become it
 * since. Looked up for those that wait alone.
 */
const activeSql = `
  case when waiting_for like '[{"reason":"thread"%' then (
    select t.active_run from holdfast.threads t where t.tenant_id = runs.tenant_id and t.id = runs.thread_id
  ) end as active_run`;
const summarySql = `
  select id, agent, version, status, waiting_for, ${activeSql}, head, agent_limit, model, tags, priority, concurrency_key, start_at, expires_at,
    thread_id, starter, parent_id, parent_call, forked_from, forked_at, schedule_id, schedule_tick, limits, tokens, cost_usd_micros, metadata, created_at, updated_at
  from holdfast.runs`;
const eventSql = `select ${eventColumns} from holdfast.run_events where run_id = $1 and tenant_id = $2`;
const firstSql = `${eventSql} order by seq limit 1`;
const lastSql = `${eventSql} order by seq desc limit 1`;
const createSql = `select holdfast.create_run(${Array.from({ length: 20 }, (_, index) => `$${index + 1}`).join(', ')})`;
const scheduleSql = 'select holdfast.set_run_schedule($1, $2, $3)';
const copySql = `select holdfast.fork_run(${Array.from({ length: 11 }, (_, index) => `$${index + 1}`).join(', ')})`;
/** A ref is the place of a call, "5.0": shorter numbers are smaller ones, and "10.0" comes after it. */
const placeOf = (run: string, ref: string): string =>
  `${run}, pg_catalog.length(pg_catalog.split_part(${ref}, '.', 1)), pg_catalog.length(${ref}), ${ref}`;
const attentionSql = `
  select t.run_id, r.agent, t.ref, t.kind, t.call_id, t.role, t.approvers, t.since, t.until, t.detail
  from holdfast.attention t join holdfast.runs r on r.id = t.run_id
  where t.tenant_id = $1 and ($2::uuid is null or t.run_id = $2)
    and ($3::uuid is null or (${placeOf('t.run_id', 't.ref')}) > (${placeOf('$3', '$4::text')}))
    and ($6::text is null or t.kind = $6) and ($7::text is null or r.agent = $7)
    and ($8::text[] is null or (t.kind <> 'log-problem' and not coalesce($8 && t.barred, false)
      and (coalesce($8 && t.approvers, false) or t.role = any ($9::text[]) or (t.role is null and t.approvers is null))))
  order by ${placeOf('t.run_id', 't.ref')} limit $5`;

const problemSql = `select case
    when exists (select from holdfast.tenants where id = $1 and suspended_at is not null) then 'tenant_suspended'
    when exists (select from holdfast.tenants where id = $1 and frozen_at is not null) then 'installation_frozen'
    else holdfast.workers_problem() end as problem`;

export class PostgresRunDirectory implements RunDirectory {
  readonly #scoped: Scoped;
  readonly #connections: Connections;
  readonly #changed: (hints: readonly Hint[]) => void;

  /** `connections`: for what crosses tenants. `changed` hears of runs that are new or gone. */
  constructor(scoped: Scoped, connections: Connections, changed: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#connections = connections;
    this.#changed = changed;
  }

  async create(run: NewRun): Promise<void> {
    const { tenant, event, projection } = run;
    const id = event.appendId ?? run.run;
    checkAppend({ ...run, id, expected: 0, events: [event], children: [], worker: null, take: null, release: false });
    const values = [
      tenant,
      run.run,
      run.agent,
      run.versionId,
      run.version,
      attributesJson(run.attributes),
      JSON.stringify(run.metadata),
      id,
      projection.status,
      JSON.stringify(projection.waitingFor),
      projection.dueAt,
      ...eventParameters([event]),
      extras([{ projection, children: [] }]),
    ];
    const { schedule } = run.attributes;
    await this.#scoped.in(run, (sql) => {
      sql.later({ text: createSql, values });
      if (schedule !== null) sql.later({ text: scheduleSql, values: [run.run, schedule.id, schedule.tick] });
      return Promise.resolve();
    });
    this.#changed([{ about: 'run', run: run.run, head: event.seq, state: 'free' }]);
  }

  async copy(run: CopiedRun): Promise<boolean> {
    const { tenant, source } = run;
    const [row] = await this.#scoped.in(run, (sql) =>
      sql.query<{ fork_run: boolean }>(copySql, [
        tenant,
        source.run,
        source.head,
        source.at,
        run.run,
        run.agent,
        run.versionId,
        run.version,
        attributesJson(run.attributes),
        JSON.stringify(run.metadata),
        run.createdAt,
      ]),
    );
    return row?.fork_run === true;
  }

  async get(ref: RunRef): Promise<RunSummary | null> {
    if (!isUuid(ref.run)) return null;
    const [row] = await this.#scoped.read<SummaryRow>(ref, `${summarySql} where tenant_id = $1 and id = $2`, [
      ref.tenant,
      ref.run,
    ]);
    return row === undefined ? null : summaryOf(row);
  }

  async capacityProblem(scope: TenantScope): Promise<CapacityProblem | null> {
    const [row] = await this.#scoped.read<{ problem: CapacityProblem | null }>(scope, problemSql, [scope.tenant]);
    return row?.problem ?? null;
  }

  async whyWaits(ref: RunRef, modelLimit: number | null): Promise<WhyWaits | null> {
    const [why] = await this.#scoped.read<WhyWaits>(
      ref,
      'select because, own, others, more from holdfast.why_waits($1, $2)',
      [ref.run, modelLimit],
    );
    return why ?? null;
  }

  async view(ref: RunRef): Promise<ViewedRun | null> {
    if (!isUuid(ref.run)) return null;
    const values = [ref.run, ref.tenant];
    const [[row], [first], [last]] = (await this.#scoped.readAll(ref, [
      { text: `${summarySql} where id = $1 and tenant_id = $2`, values },
      { text: firstSql, values },
      { text: lastSql, values },
    ])) as readonly [readonly SummaryRow[], readonly EventRow[], readonly EventRow[]];
    if (row === undefined || first === undefined || last === undefined) return null;
    return { summary: summaryOf(row), first: eventOf(first), last: eventOf(last) };
  }

  async list(
    scope: TenantScope,
    filter: RunFilter,
    before: string | null,
    limit: number,
  ): Promise<readonly RunSummary[]> {
    const { conditions, values } = runConditions(scope, filter, before);
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<SummaryRow>(`${summarySql} where ${conditions} order by id desc limit $${values.length + 1}`, [
        ...values,
        limit,
      ]),
    );
    return rows.map(summaryOf);
  }

  /**
   * Oldest run first; within a run by the place of the call in its log. Not by `since`: the cursor does not have it, and
   * the row that it names may be closed by now.
   */
  async attention(
    scope: TenantScope,
    filter: AttentionFilter,
    after: { run: string; ref: string } | null,
    limit: number,
  ): Promise<readonly OpenAttention[]> {
    if (filter.run !== undefined && !isUuid(filter.run)) return [];
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<AttentionRowOfRun>(attentionSql, [
        scope.tenant,
        filter.run ?? null,
        after?.run ?? null,
        after?.ref ?? null,
        limit,
        filter.kind ?? null,
        filter.agent ?? null,
        filter.mine === undefined
          ? null
          : arrayLiteral([filter.mine.id, ...(filter.mine.member === undefined ? [] : [filter.mine.member])]),
        arrayLiteral(filter.mine?.roles ?? []),
      ]),
    );
    return rows.map(({ run_id: run, call_id: call, approvers, ...row }) => ({
      ...row,
      run,
      call,
      ...(approvers === null ? {} : { approvers }),
    }));
  }

  usage(scope: TenantScope, asked: UsageAsked): Promise<readonly UsageGroup[]> {
    return usage(this.#scoped, scope, asked);
  }

  artifacts(ref: RunRef): Promise<readonly ArtifactRow[]> {
    return artifactRows(this.#scoped, ref);
  }

  async heads(runs: readonly RunRef[]): Promise<readonly (RunRef & { readonly head: number })[]> {
    const known = runs.filter(({ tenant, run }) => isUuid(tenant) && isUuid(run));
    if (known.length === 0) return [];
    return this.#connections.lend((sql) =>
      sql.query<RunRef & { head: number }>(
        'select tenant_id as tenant, run_id as run, head from holdfast.run_heads($1, $2)',
        [arrayLiteral(known.map(({ tenant }) => tenant)), arrayLiteral(known.map(({ run }) => run))],
      ),
    );
  }

  async delete(ref: RunRef): Promise<Deletion> {
    if (!isUuid(ref.run)) return { type: 'missing' };
    const rows = await this.#scoped.in(ref, (sql) =>
      sql.query<DeletionRow>('select outcome, run_id, status from holdfast.delete_run($1)', [ref.run]),
    );
    const deletion = deletionOf(rows);
    if (deletion.type === 'deleted') this.#changed(deletedHints(deletion.runs));
    return deletion;
  }

  async lock(ref: RunRef): Promise<Omit<StoredRun, 'follows' | 'budgeted'> | null> {
    if (!isUuid(ref.run)) return null;
    return this.#scoped.in(ref, async (sql) => {
      const [row] = await sql.query<{ head: number; holder: string | null; version_id: string }>(
        'select head, holder, version_id from holdfast.lock_run($1)',
        [ref.run],
      );
      if (row === undefined) return null;
      const [snapshot] = await sql.query<{ seq: number; format: string; body: string }>(
        'select seq, format, body from holdfast.snapshots where run_id = $1 and tenant_id = $2',
        [ref.run, ref.tenant],
      );
      const { version_id: versionId, head, holder } = row;
      return { tenant: ref.tenant, run: ref.run, versionId, head, holder, snapshot: snapshot ?? null, tail: [] };
    });
  }
}

/** As `create_run` reads it. Its texts were checked at the edge, so jsonb can hold them. */
const attributesJson = (attributes: RunAttributes): string =>
  JSON.stringify({
    agent_limit: attributes.agentConcurrency,
    model: attributes.model,
    tags: attributes.tags,
    priority: attributes.priority,
    concurrency_key: attributes.concurrencyKey,
    start_at: attributes.startAt,
    expires_at: attributes.expiresAt,
    thread_id: attributes.thread,
    starter: attributes.starter,
    parent_id: attributes.parent?.run ?? null,
    parent_call: attributes.parent?.call ?? null,
    forked_from: attributes.forkedFrom?.run ?? null,
    forked_at: attributes.forkedFrom?.seq ?? null,
  });

const attributesOf = (row: SummaryRow): RunAttributes => ({
  agentConcurrency: row.agent_limit,
  model: row.model,
  tags: row.tags,
  priority: row.priority,
  concurrencyKey: row.concurrency_key,
  startAt: row.start_at,
  expiresAt: row.expires_at,
  thread: row.thread_id,
  starter: row.starter,
  parent: row.parent_id === null || row.parent_call === null ? null : { run: row.parent_id, call: row.parent_call },
  forkedFrom: row.forked_from === null || row.forked_at === null ? null : { run: row.forked_from, seq: row.forked_at },
  schedule: row.schedule_id === null ? null : { id: row.schedule_id, tick: row.schedule_tick },
});

const summaryOf = (row: SummaryRow): RunSummary => ({
  run: row.id,
  agent: row.agent,
  version: row.version,
  status: row.status,
  waitingFor: waitingForOf(row),
  head: row.head,
  attributes: attributesOf(row),
  limits: row.limits === null ? null : (JSON.parse(row.limits) as Limits),
  usage: { tokens: row.tokens, costUsdMicros: row.cost_usd_micros },
  metadata: JSON.parse(row.metadata) as Record<string, string>,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

function waitingForOf({ id, waiting_for: text, active_run: active }: SummaryRow): WaitingFor[] {
  const waits = JSON.parse(text) as WaitingFor[];
  if (active === null) return waits;
  return waits.map((wait) => {
    if (wait.reason !== 'thread') return wait;
    // Its turn has come: what it waits for is a worker.
    return active === id ? { ...wait, reason: 'capacity', ref: null } : { ...wait, ref: active };
  });
}
