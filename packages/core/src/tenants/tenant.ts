/** Times are ms since 1970. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  /** What the OIDC issuer calls it for ever; null = it is known by its name. */
  readonly externalId: string | null;
  /** Runs at once. */
  readonly slots: number;
  /** Its share of admissions beside other tenants'. */
  readonly weight: number;
  readonly createdAt: number;
  /** null = it is not suspended. */
  readonly suspendedAt: number | null;
  /** It is erased from then on; null = it stays. */
  readonly deleteAt: number | null;
  /** The erasure has begun, and cannot be taken back. */
  readonly erasingSince: number | null;
}

export interface TenantDraft {
  readonly name: string;
  readonly slots: number;
  readonly weight: number;
  readonly externalId: string | null;
}

/** What people of the platform may change. */
export type TenantSettings = Pick<Tenant, 'name' | 'slots' | 'weight'>;
