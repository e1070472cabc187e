import { budgetPage, type BudgetResource, budgetResource, type SetBudgetBody } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions, ChangeOptions } from '../http/request.ts';
import type { Tagged } from '../http/transport.ts';
import type { List } from '../list.ts';
import { type PageOptions, Resource } from './resource.ts';

/** What a tenant, or its runs of one agent, may use of tokens and money in an hour, a day, a month, or for ever. */
export class Budgets extends Resource {
  /** Makes it, or gives it other limits; the body is all of it. Runs that wait for it go on as far as there is room. */
  set(name: string, body: SetBudgetBody, options?: ChangeOptions): Promise<BudgetResource> {
    return this.put(path`/v1/budgets/${name}`, budgetResource, body, options);
  }

  /** With what was spent of it, and the ETag that a change may be bound to. */
  get(name: string, { signal }: CallOptions = {}): Promise<Tagged<BudgetResource>> {
    return this.transport.tagged({
      method: 'GET',
      path: path`/v1/budgets/${name}`,
      answer: budgetResource,
      signal,
      repeatable: true,
    });
  }

  /** By name. */
  list({ signal, ...query }: PageOptions = {}): List<BudgetResource> {
    return this.listing('/v1/budgets', budgetPage, query, { signal });
  }

  /** Runs that wait for it go on. */
  delete(name: string, options?: ChangeOptions): Promise<void> {
    return this.remove(path`/v1/budgets/${name}`, options);
  }
}
