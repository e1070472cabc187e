/** The wall: every store method takes one, and one file of each adapter turns it into a transaction. */
export interface TenantScope {
  readonly tenant: string;
}

/** A run within its tenant. */
export interface RunRef extends TenantScope {
  readonly run: string;
}
