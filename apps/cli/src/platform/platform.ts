import type {
  CreateTenantBody,
  NewTenantResource,
  PlatformAuditLine,
  PlatformAuditVerification,
  TenantResource,
  UpdateTenantBody,
} from '@holdfast/sdk';
import { Failure } from '../failure.ts';

/** What people of the platform do, wherever they reach it. Tenants are named by their ids. */
export interface Platform {
  /** The id of the tenant with this name or id. @throws Failure. */
  idOf(nameOrId: string): Promise<string>;
  /** All, oldest first. */
  list(): AsyncIterable<TenantResource>;
  get(id: string): Promise<TenantResource>;
  create(draft: CreateTenantBody): Promise<NewTenantResource>;
  /** What is left out stays. */
  update(id: string, change: Partial<UpdateTenantBody>): Promise<TenantResource>;
  suspend(id: string, reason: string | null): Promise<TenantResource>;
  resume(id: string): Promise<TenantResource>;
  /** `grace`: a duration such as 7d. */
  delete(id: string, grace: string): Promise<TenantResource>;
  keep(id: string): Promise<TenantResource>;
  /** JSON Lines, in pieces. */
  export(id: string, files: boolean): AsyncIterable<string>;
  verifyAudit(): Promise<PlatformAuditVerification>;
  /** Newest first. */
  audit(limit: number): AsyncIterable<PlatformAuditLine>;
}

export const noTenantCalled = (nameOrId: string): Failure =>
  new Failure(`There is no tenant with the id or the name ${nameOrId}.`);
