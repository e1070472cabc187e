import type { TenantResource } from '@holdfast/contracts';
import type { Tenant } from './tenant.ts';

/** As the API and the command line on the database show it. */
export const tenantResourceOf = (tenant: Tenant): TenantResource => ({
  id: tenant.id,
  name: tenant.name,
  external_id: tenant.externalId,
  slots: tenant.slots,
  weight: tenant.weight,
  created_at: new Date(tenant.createdAt).toISOString(),
  suspended_at: isoOrNull(tenant.suspendedAt),
  delete_at: isoOrNull(tenant.deleteAt),
  erasing_since: isoOrNull(tenant.erasingSince),
});

const isoOrNull = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
