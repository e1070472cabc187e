import type { Actor, JsonObject } from '@holdfast/contracts';
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
}

/**
 * Changes a tenant that is there, under the lock of its row, with a line in the platform's chain and one in the tenant's.
 * `work` returns what the lines say, and throws when it may not be.
 * @throws HoldfastError `tenant_not_found`.
 */
export async function changeTenant(
  { transactions }: TenantPorts,
  { by, requestId }: PlatformRequest,
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
    await audit.write(scope, { operation, target: `/v1/tenants/${id}`, by, requestId, detail });
    await platformAudit.write({ operation, tenant: id, by, requestId, detail: { name: after.name, ...detail } });
    return after;
  });
}

export const noTenant = (id: string): Error => refused('tenant_not_found', `There is no tenant ${id}.`);

export const erasing = (id: string): Error =>
  refused('tenant_erasing', `The erasure of tenant ${id} has begun, and cannot be taken back.`);

export const nameTaken = (name: string): Error =>
  refused('tenant_exists', `There is a tenant with the name ${name} already.`);
