import { setTimeout as pause } from 'node:timers/promises';
import type { Tenant } from '../load/holdfast.ts';
import type { Owner } from '../load/owner.ts';
import { cloneRun } from '../waiting/rows.ts';

/** So many queued runs of one tenant, which can be taken away and put back. */
export class Flood {
  readonly #owner: Owner;
  readonly #tenant: string;

  private constructor(owner: Owner, tenant: string) {
    this.#owner = owner;
    this.#tenant = tenant;
  }

  /** Starts one through the API; the others are copies of its rows: the API would be busy with them for half a minute. */
  static async of(owner: Owner, tenant: Tenant, agent: string, count: number): Promise<Flood> {
    await owner.query('drop table if exists holdfast.parked');
    await owner.query('create table holdfast.parked (like holdfast.due)');
    await owner.query(`create temp table if not exists slots as select id, slots from holdfast.tenants`);
    await owner.query('update holdfast.tenants set slots = 0');
    const run = await tenant.startRun(agent);
    const { rows } = await owner.query<{ tenant_id: string }>('select tenant_id from holdfast.runs where id = $1', [
      run,
    ]);
    const [row] = rows;
    if (row === undefined) throw new Error(`run ${run} has no row`);
    const flood = new Flood(owner, row.tenant_id);
    await cloneRun(owner, run, count);
    await flood.#park();
    await owner.query(`update holdfast.tenants t set slots = s.slots from slots s where s.id = t.id`);
    return flood;
  }

  /** Resolves when its runs have all places that they get. */
  async begin(): Promise<void> {
    await this.#owner.query(
      `with back as (delete from holdfast.parked where tenant_id = $1 returning *) insert into holdfast.due select * from back`,
      [this.#tenant],
    );
    let held = 0;
    for (let looks = 0; held === 0 || looks < 5; looks += 1) {
      await pause(250);
      const now = await this.held();
      if (now > held) [held, looks] = [now, 0];
    }
  }

  /** Suspends its tenant, so that workers let go of its runs between two steps. Resolves when they have. */
  async end(): Promise<void> {
    await this.#owner.query('update holdfast.tenants set suspended_at = 1 where id = $1', [this.#tenant]);
    while ((await this.held()) > 0) await pause(100);
    await this.#park();
    await this.#owner.query('update holdfast.tenants set suspended_at = null where id = $1', [this.#tenant]);
  }

  /** Runs of it that workers hold. */
  async held(): Promise<number> {
    const { rows } = await this.#owner.query<{ count: number }>(
      'select count(*)::integer as count from holdfast.runs where holder is not null and tenant_id = $1',
      [this.#tenant],
    );
    return rows[0]?.count ?? 0;
  }

  async #park(): Promise<void> {
    await this.#owner.query('update holdfast.due set admitted = false, reserved_until = null where tenant_id = $1', [
      this.#tenant,
    ]);
    await this.#owner.query(
      `with gone as (
         delete from holdfast.due where kind = 'run' and tenant_id = $1 returning *
       ) insert into holdfast.parked select * from gone`,
      [this.#tenant],
    );
  }
}
