import type { ExpiredRuns, Hint, TenantScope } from '@holdfast/core';
import { deletedHints } from './deletion.ts';
import type { Scoped } from './tenant-scope.ts';

export class PostgresExpiredRuns implements ExpiredRuns {
  readonly #scoped: Scoped;
  readonly #deleted: (hints: readonly Hint[]) => void;

  /** `deleted` hears of runs that are gone. */
  constructor(scoped: Scoped, deleted: (hints: readonly Hint[]) => void) {
    this.#scoped = scoped;
    this.#deleted = deleted;
  }

  async delete(
    scope: TenantScope,
    { runs: most, events }: { readonly runs: number; readonly events: number },
  ): Promise<{ runs: readonly string[]; nextAt: number | null } | null> {
    const rows = await this.#scoped.in(scope, (sql) =>
      sql.query<{ run_id: string | null; next_at: number | null }>(
        'select run_id, next_at from holdfast.delete_expired($1, $2)',
        [most, events],
      ),
    );
    const last = rows.at(-1);
    if (last === undefined) return null;
    const runs = rows.flatMap(({ run_id: run }) => run ?? []);
    if (runs.length > 0) this.#deleted(deletedHints(runs));
    return { runs, nextAt: last.next_at };
  }
}
