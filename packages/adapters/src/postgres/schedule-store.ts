import type { PickedRun, RunRef, ScheduleStore } from '@holdfast/core';
import { arrayLiteral } from './array-literal.ts';
import { type Connections, prepared } from './sql.ts';

/** The table of what is due, through the functions that a worker may call. */
export class PostgresScheduleStore implements ScheduleStore {
  readonly #worker: string;
  readonly #connections: Connections;

  constructor(worker: string, connections: Connections) {
    this.#worker = worker;
    this.#connections = connections;
  }

  async pick(limit: number, reserveMs: number): Promise<readonly PickedRun[]> {
    if (limit <= 0) return [];
    return this.#connections.lend((sql) =>
      prepared<PickedRun>(
        sql,
        'select tenant_id as tenant, run_id as run, agent, begun from holdfast.pick($1, $2, $3)',
        [this.#worker, limit, reserveMs],
      ),
    );
  }

  async nextDue(): Promise<{ at: number | null; waiting: boolean }> {
    const [row] = await this.#connections.lend((sql) =>
      prepared<{ at: number | null; waiting: boolean }>(sql, 'select at, waiting from holdfast.next_due()', []),
    );
    return row ?? { at: null, waiting: false };
  }

  async depth(): Promise<{ waiting: number; ready: number; stuck: number }> {
    const [row] = await this.#connections.lend((sql) =>
      prepared<{ waiting: number; ready: number; stuck: number }>(
        sql,
        'select waiting, ready, stuck from holdfast.queue_depth()',
        [],
      ),
    );
    return row ?? { waiting: 0, ready: 0, stuck: 0 };
  }

  async suspended(): Promise<readonly string[]> {
    const rows = await this.#connections.lend((sql) =>
      prepared<{ tenant: string }>(sql, 'select tenant_id as tenant from holdfast.suspended_tenants()', []),
    );
    return rows.map(({ tenant }) => tenant);
  }

  async movedHeads(held: readonly (RunRef & { readonly head: number })[]): Promise<readonly RunRef[]> {
    if (held.length === 0) return [];
    return this.#connections.lend((sql) =>
      prepared<RunRef>(sql, 'select tenant_id as tenant, run_id as run from holdfast.moved_heads($1, $2, $3)', [
        arrayLiteral(held.map(({ tenant }) => tenant)),
        arrayLiteral(held.map(({ run }) => run)),
        arrayLiteral(held.map(({ head }) => head)),
      ]),
    );
  }
}
