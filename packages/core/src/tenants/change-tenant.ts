import type { Actor, JsonObject } from '@holdfast/contracts';
import type { AuditSource } from '../audit/audit-log.ts';
import type { Transactions } from '../use-cases/transactions.ts';
import { refused } from '../use-cases/refused.ts';
import type { Tenant } from './tenant.ts';
import type { TenantStore } from './tenant-store.ts';

export interface TenantPorts {
  readonly transactions: Pick<Transactions, 'run'>;
}

/** Who of the platform asks. */
export interface PlatformRequest {
  readonly by: Actor;
  readonly requestId: string;
  /** Left out: it came from no client. */
  readonly from?: AuditSource;
}

/**
 * Changes a tenant that is there, under the lock of its row, with a line in the platform's chain and one in the tenant's.
 * `work` returns what the lines say, and throws when it may not be.
 * @throws HoldfastError `tenant_not_found`.
 */
export async function changeTenant(
  { transactions }: TenantPorts,
  who: PlatformRequest,
  id: string,
  operation: string,
  work: (tenants: TenantStore, tenant: Tenant) => Promise<JsonObject>,
): Promise<Tenant> {
  const scope = { tenant: id };
  return transactions.run(scope, async ({ tenants, audit, platformAudit }) => {
    const before = await tenants.lock(scope);
    if (before === null) throw noTenant(id);
    const detail = await work(tenants, before);
    const after = await tenants.lock(scope);
    if (after === null) throw noTenant(id);
    await audit.write(scope, { ...who, operation, target: `/v1/tenants/${id}`, detail });
    await platformAudit.write({ ...who, operation, tenant: id, detail: { name: after.name, ...detail } });
    return after;
  });
}

export const noTenant = (id: string): Error => refused('tenant_not_found', `There is no tenant ${id}.`);

export const erasing = (id: string): Error =>
  refused('tenant_erasing', `The erasure of tenant ${id} has begun, and cannot be taken back.`);

export const externalIdTaken = (externalId: string | null): Error =>
  refused('tenant_exists', `There is a tenant with the external id ${externalId ?? ''} already.`);

export const nameTaken = (name: string): Error =>
  refused('tenant_exists', `There is a tenant with the name ${name} already.`);
