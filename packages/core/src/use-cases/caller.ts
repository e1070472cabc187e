import type { Actor } from '@holdfast/contracts';
import type { TenantScope } from '../tenant-scope.ts';

/** Who asks, and within which wall. `by.roles` are the effective ones. */
export interface Caller extends TenantScope {
  readonly by: Actor;
  /** For people to read, as in the audit log; left out: not known. */
  readonly name?: string;
}
