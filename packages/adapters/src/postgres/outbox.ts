import type { Outbox, OutboxKind, OutboxRow } from '@holdfast/core';
import type { Connections } from './sql.ts';

/** Rows of `due` that are no runs, through the functions that a worker may call. */
export class PostgresOutbox implements Outbox {
  readonly #worker: string;
  readonly #connections: Connections;

  constructor(worker: string, connections: Connections) {
    this.#worker = worker;
    this.#connections = connections;
  }

  async pick(kind: OutboxKind, limit: number, reserveMs: number): Promise<readonly OutboxRow[]> {
    const rows = await this.#connections.lend((sql) =>
      sql.query<Omit<OutboxRow, 'kind'>>(
        `select tenant_id as tenant, subject, reserved_until as "reservedUntil", attempt
         from holdfast.pick_outbox($1, $2, $3, $4)`,
        [this.#worker, kind, limit, reserveMs],
      ),
    );
    return rows.map((row) => ({ ...row, kind }));
  }

  async finish({ kind, subject, reservedUntil }: OutboxRow): Promise<void> {
    await this.#connections.lend((sql) =>
      sql.query('select holdfast.finish_outbox($1, $2, $3)', [kind, subject, reservedUntil]),
    );
  }

  async postpone({ kind, subject, reservedUntil }: OutboxRow, at: number, attempts: number): Promise<void> {
    await this.#connections.lend((sql) =>
      sql.query('select holdfast.postpone_outbox($1, $2, $3, $4, $5)', [kind, subject, reservedUntil, at, attempts]),
    );
  }
}
