import type {
  Budget,
  BudgetLimits,
  BudgetSpec,
  BudgetStore,
  HeldRuns,
  Hint,
  OfferedBudget,
  TenantScope,
  WorkerBudgets,
} from '@holdfast/core';
import { isUuid } from './ids.ts';
import type { Scoped } from './tenant-scope.ts';

interface BudgetRow {
  readonly id: string;
  readonly name: string;
  readonly agent: string | null;
  readonly period: Budget['period'];
  readonly time_zone: string;
  readonly tokens: number | null;
  readonly cost_usd_micros: number | null;
  readonly notice_at: number | null;
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly starts_at: number;
  readonly ends_at: number | null;
  readonly held_tokens: number;
  readonly held_cost: number;
  readonly spent_tokens: number;
  readonly spent_cost: number;
  readonly noticed: boolean;
}

const selectSql = `
  select b.id, b.name, b.agent, b.period, b.time_zone, b.tokens, b.cost_usd_micros, b.notice_at, b.version, b.created_at,
    b.updated_at, n.starts_at, n.ends_at, coalesce(w.held_tokens, 0)::bigint as held_tokens,
    coalesce(w.held_cost, 0)::bigint as held_cost, coalesce(w.spent_tokens, 0)::bigint as spent_tokens,
    coalesce(w.spent_cost, 0)::bigint as spent_cost, coalesce(w.noticed, false) as noticed
  from holdfast.budgets b
  cross join lateral holdfast.window_of(b.period, b.time_zone, holdfast.now_ms()) n
  left join holdfast.budget_windows w on w.budget_id = b.id and w.starts_at = n.starts_at
  where b.tenant_id = $1`;

export class PostgresBudgets implements BudgetStore, WorkerBudgets {
  readonly #scoped: Scoped;
  readonly #moved: (hints: readonly Hint[]) => void;

  /** `moved` hears of rows in the outbox, and of runs that are due. */
  constructor(scoped: Scoped, moved: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#moved = moved;
  }

  async offers(scope: TenantScope, agent: string): Promise<readonly OfferedBudget[]> {
    const rows = await this.#scoped.read<BudgetRow>(
      scope,
      `${selectSql} and (b.agent is null or b.agent = $2) order by b.agent is not null, b.id`,
      [scope.tenant, agent],
    );
    return rows.map(offerOf);
  }

  async heldRuns(scope: TenantScope, budget: string): Promise<HeldRuns | null> {
    const [found] = await this.#scoped.read<{ created_at: number; agent: string | null }>(
      scope,
      'select created_at, agent from holdfast.budgets where tenant_id = $1 and id = $2',
      [scope.tenant, budget],
    );
    if (found === undefined) return null;
    const rows = await this.#scoped.read<{ id: string }>(
      scope,
      'select id from holdfast.runs where tenant_id = $1 and holder is not null and ($2::text is null or agent = $2)',
      [scope.tenant, found.agent],
    );
    return { createdAt: found.created_at, runs: rows.map(({ id }) => id) };
  }

  async wake(scope: TenantScope, budget: string): Promise<boolean> {
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ waited: boolean }>('select holdfast.look_at_budget($1) as waited', [budget]),
    );
    return row?.waited === true;
  }

  async create(scope: TenantScope, id: string, spec: BudgetSpec): Promise<boolean> {
    const { name, agent, period, timeZone, tokens, costUsdMicros, noticeAt } = spec;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ done: boolean }>('select holdfast.create_budget($1, $2, $3, $4, $5, $6, $7, $8) as done', [
        id,
        name,
        agent,
        period,
        timeZone,
        tokens,
        costUsdMicros,
        noticeAt,
      ]),
    );
    if (row?.done === true) this.#moved([{ about: 'outbox' }]);
    return row?.done === true;
  }

  async get(scope: TenantScope, name: string): Promise<Budget | null> {
    const [row] = await this.#scoped.read<BudgetRow>(scope, `${selectSql} and b.name = $2`, [scope.tenant, name]);
    return row === undefined ? null : budgetOf(row);
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Budget[]> {
    const rows = await this.#scoped.read<BudgetRow>(
      scope,
      `${selectSql} and ($2::text is null or b.name > $2) order by b.name limit $3`,
      [scope.tenant, after, limit],
    );
    return rows.map(budgetOf);
  }

  async change(scope: TenantScope, id: string, limits: BudgetLimits, version: number): Promise<boolean> {
    const { tokens, costUsdMicros, noticeAt } = limits;
    return this.#woken(scope, 'select holdfast.change_budget($1, $2, $3, $4, $5) as done', [
      id,
      tokens,
      costUsdMicros,
      noticeAt,
      version,
    ]);
  }

  async delete(scope: TenantScope, id: string, version: number): Promise<boolean> {
    return this.#woken(scope, 'select holdfast.delete_budget($1, $2) as done', [id, version]);
  }

  async #woken(scope: TenantScope, text: string, values: readonly (string | number | null)[]): Promise<boolean> {
    if (!isUuid(String(values[0]))) return false;
    const [row] = await this.#scoped.in(scope, (sql) => sql.query<{ done: boolean }>(text, [...values]));
    if (row?.done === true) this.#moved([{ about: 'due' }]);
    return row?.done === true;
  }
}

const offerOf = (row: BudgetRow): OfferedBudget => ({
  window: {
    budget: row.id,
    name: row.name,
    level: row.agent === null ? 'tenant' : 'agent',
    starts_at: row.starts_at,
    ends_at: row.ends_at,
  },
  tokens: row.tokens === null ? null : { limit: row.tokens, used: row.held_tokens + row.spent_tokens },
  costUsdMicros:
    row.cost_usd_micros === null ? null : { limit: row.cost_usd_micros, used: row.held_cost + row.spent_cost },
  noticeAt: row.noticed ? null : row.notice_at,
});

const budgetOf = (row: BudgetRow): Budget => ({
  id: row.id,
  name: row.name,
  agent: row.agent,
  period: row.period,
  timeZone: row.time_zone,
  tokens: row.tokens,
  costUsdMicros: row.cost_usd_micros,
  noticeAt: row.notice_at,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  window: {
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    held: { tokens: row.held_tokens, costUsdMicros: row.held_cost },
    spent: { tokens: row.spent_tokens, costUsdMicros: row.spent_cost },
  },
});
