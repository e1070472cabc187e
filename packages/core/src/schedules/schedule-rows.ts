import type { TenantScope } from '../tenant-scope.ts';
import type { Schedule } from './schedule.ts';

/** Schedules, and their rows of kind `schedule` in the outbox, whose subject is the schedule. */
export interface ScheduleRows {
  /** To be looked at by a worker at `due`, ms since 1970; null: not yet. False when another has its name. */
  create(scope: TenantScope, schedule: Schedule, due: number | null): Promise<boolean>;
  get(scope: TenantScope, id: string): Promise<Schedule | null>;
  named(scope: TenantScope, name: string): Promise<Schedule | null>;
  /** By name; `after` is the last name of the page before. */
  list(scope: TenantScope, after: string | null, limit: number): Promise<readonly Schedule[]>;
  /** As it is, and nobody else's until the transaction ends; only inside `Transactions.run`. */
  lock(scope: TenantScope, id: string): Promise<Schedule | null>;
  /** What has become of it. Lock it first. */
  save(scope: TenantScope, schedule: Schedule): Promise<void>;
  /** The same where somebody outside has changed it, so that it is due at another time. False when another has its name. */
  change(scope: TenantScope, schedule: Schedule, due: number | null): Promise<boolean>;
  /** Its runs stay. False when there is none. */
  delete(scope: TenantScope, id: string): Promise<boolean>;
}
