import { v7 as uuidv7 } from 'uuid';
import { newKey } from '../use-cases/api-key.ts';
import { refused } from '../use-cases/refused.ts';
import { nameTaken, type PlatformRequest, type TenantPorts } from './change-tenant.ts';
import type { Tenant, TenantDraft } from './tenant.ts';

export interface MadeTenant {
  readonly tenant: Tenant;
  /** The first admin key, shown once; null = none was asked for. */
  readonly key: string | null;
}

/**
 * Makes a tenant. `withKey`: with a first admin key, for where no identity provider lets anybody in.
 * @throws HoldfastError `tenant_exists`.
 */
export async function makeTenant(
  { transactions }: TenantPorts,
  { by, requestId }: PlatformRequest,
  draft: TenantDraft,
  withKey: boolean,
): Promise<MadeTenant> {
  const scope = { tenant: uuidv7() };
  const first = withKey ? newKey(scope.tenant, 'first admin key', ['admin']) : null;
  return transactions.run(scope, async ({ tenants, keys, audit, platformAudit }) => {
    const outcome = await tenants.create(scope, draft);
    if (outcome === 'name') throw nameTaken(draft.name);
    if (outcome === 'external_id')
      throw refused('tenant_exists', `There is a tenant with the external id ${draft.externalId ?? ''} already.`);
    if (first !== null) await keys.add(scope, first.stored);
    const tenant = await tenants.lock(scope);
    if (tenant === null) throw new Error('the tenant was not made');
    const { name, slots, weight, externalId } = draft;
    const detail = { name, slots, weight, external_id: externalId, key: first?.stored.id ?? null };
    const operation = 'tenants.create';
    await audit.write(scope, { operation, target: `/v1/tenants/${scope.tenant}`, by, requestId, detail });
    await platformAudit.write({ operation, tenant: scope.tenant, by, requestId, detail });
    return { tenant, key: first?.text ?? null };
  });
}
