import type { Actor } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

/** Who asks, and within which wall. `by.roles` are the effective ones. */
export interface Caller extends TenantScope {
  readonly by: Actor;
  /** For people to read, as in the audit log; left out: not known. */
  readonly name?: string;
}

/** A caller as a request brings it. */
export interface Authenticated extends Caller {
  /** ms since 1970: when the token ends; null = it may go on. */
  readonly until: number | null;
}

/** A person or a service of the platform, above all tenants. `by.id` is what the issuer calls it. */
export interface PlatformCaller {
  readonly by: Actor;
}
