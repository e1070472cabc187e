import type { TenantScope } from '../tenant-scope.ts';
import type { Tenant, TenantDraft, TenantSettings } from './tenant.ts';

/** All tenants of the installation, for the people of the platform. */
export interface TenantDirectory {
  /** By id, which is by age. */
  list(after: string | null, limit: number): Promise<readonly Tenant[]>;
  get(scope: TenantScope): Promise<Tenant | null>;
  /** Rows of the tenant that are left, by table; tables that have none are left out. Reads whole tables. */
  rests(scope: TenantScope): Promise<Readonly<Record<string, number>>>;
}

/** One tenant, inside its own scope and a transaction. */
export interface TenantStore {
  /** Makes the tenant whose id is the scope. What it answers when another tenant has its name or its external id. */
  create(scope: TenantScope, draft: TenantDraft): Promise<'made' | 'name' | 'external_id'>;
  /** The row, locked until the transaction ends: whoever changes it asks first. */
  lock(scope: TenantScope): Promise<Tenant | null>;
  /** False: another tenant has the name. */
  change(scope: TenantScope, settings: TenantSettings): Promise<boolean>;
  /** Nothing begins; what is held is let go. */
  suspend(scope: TenantScope): Promise<void>;
  /** False: it is to be deleted. */
  resume(scope: TenantScope): Promise<boolean>;
  /** Suspends it, and has it erased from `at` on, ms since 1970. False: the erasure has begun. */
  delete(scope: TenantScope, at: number): Promise<boolean>;
  /** It stays after all, and stays suspended. False: the erasure has begun. */
  keep(scope: TenantScope): Promise<boolean>;
}

/** For the worker that erases a tenant, in small transactions. */
export interface TenantErasure {
  /**
   * Deletes some rows. `more`: call again. `clean`: nothing is left but the tenant itself. `held`: workers still have runs
   * of it. `kept`: it is not to be deleted, or not yet. `gone`: there is no such tenant.
   */
  erase(scope: TenantScope): Promise<'more' | 'clean' | 'held' | 'kept' | 'gone'>;
  /**
   * Proves by the catalog that nothing is left, writes the line about it and deletes the tenant. `rests`: something was
   * left, begin again.
   */
  finish(scope: TenantScope, files: number): Promise<'erased' | 'rests' | 'gone'>;
}
