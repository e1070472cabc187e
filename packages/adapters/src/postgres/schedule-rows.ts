import type { Hint, Schedule, ScheduleRows, ScheduleSpec, TenantScope } from '@holdfast/core';
import { isUuid } from './ids.ts';
import type { Scoped } from './tenant-scope.ts';

interface ScheduleRow {
  readonly id: string;
  readonly spec: string;
  readonly state: string;
  readonly version: number;
  readonly step: number;
  readonly created_at: number;
  readonly updated_at: number;
}

const selectSql = `
  select id, spec, state, version, step, created_at, updated_at from holdfast.schedules where tenant_id = $1`;

export class PostgresScheduleRows implements ScheduleRows {
  readonly #scoped: Scoped;
  readonly #moved: (hints: readonly Hint[]) => void;

  /** `moved` hears of rows in the outbox that are new or due at another time. */
  constructor(scoped: Scoped, moved: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#moved = moved;
  }

  async create(scope: TenantScope, schedule: Schedule, due: number | null): Promise<boolean> {
    const { id, spec, createdAt } = schedule;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ done: boolean }>('select holdfast.create_schedule($1, $2, $3, $4, $5, $6) as done', [
        id,
        spec.name,
        JSON.stringify(spec),
        stateOf(schedule),
        createdAt,
        due,
      ]),
    );
    return this.#heard(row?.done === true, due);
  }

  async get(scope: TenantScope, id: string): Promise<Schedule | null> {
    if (!isUuid(id)) return null;
    const [row] = await this.#scoped.read<ScheduleRow>(scope, `${selectSql} and id = $2`, [scope.tenant, id]);
    return row === undefined ? null : scheduleOf(row);
  }

  async named(scope: TenantScope, name: string): Promise<Schedule | null> {
    const [row] = await this.#scoped.read<ScheduleRow>(scope, `${selectSql} and name = $2`, [scope.tenant, name]);
    return row === undefined ? null : scheduleOf(row);
  }

  async list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Schedule[]> {
    const rows = await this.#scoped.read<ScheduleRow>(
      scope,
      `${selectSql} and ($2::text is null or name > $2) order by name limit $3`,
      [scope.tenant, after, limit],
    );
    return rows.map(scheduleOf);
  }

  async lock(scope: TenantScope, id: string): Promise<Schedule | null> {
    if (!isUuid(id)) return null;
    await this.#scoped.in(scope, (sql) => sql.query('select holdfast.lock_schedule($1)', [id]));
    return this.get(scope, id);
  }

  async save(scope: TenantScope, schedule: Schedule): Promise<void> {
    await this.#scoped.in(scope, (sql) =>
      sql.query('select holdfast.save_schedule($1, $2, $3)', [schedule.id, stateOf(schedule), schedule.step]),
    );
  }

  async change(scope: TenantScope, schedule: Schedule, due: number | null): Promise<boolean> {
    const { id, spec, version, step, updatedAt } = schedule;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ done: boolean }>('select holdfast.change_schedule($1, $2, $3, $4, $5, $6, $7, $8) as done', [
        id,
        spec.name,
        JSON.stringify(spec),
        stateOf(schedule),
        version,
        step,
        updatedAt,
        due,
      ]),
    );
    return this.#heard(row?.done === true, due);
  }

  async delete(scope: TenantScope, id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    const [row] = await this.#scoped.in(scope, (sql) =>
      sql.query<{ done: boolean }>('select holdfast.delete_schedule($1) as done', [id]),
    );
    return row?.done === true;
  }

  #heard(done: boolean, due: number | null): boolean {
    if (done && due !== null) this.#moved([{ about: 'outbox' }]);
    return done;
  }
}

type State = Omit<Schedule, 'id' | 'spec' | 'version' | 'step' | 'createdAt' | 'updatedAt'>;

const stateOf = ({
  id: _id,
  spec: _spec,
  version: _version,
  step: _step,
  createdAt: _created,
  updatedAt: _updated,
  ...state
}: Schedule): string => JSON.stringify(state satisfies State);

/** As this class wrote it. */
const scheduleOf = ({ created_at: createdAt, updated_at: updatedAt, ...row }: ScheduleRow): Schedule => ({
  ...(JSON.parse(row.state) as State),
  id: row.id,
  spec: JSON.parse(row.spec) as ScheduleSpec,
  version: row.version,
  step: row.step,
  createdAt,
  updatedAt,
});
