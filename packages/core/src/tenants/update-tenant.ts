import { refused } from '../use-cases/refused.ts';
import { changeTenant, externalIdTaken, nameTaken, type PlatformRequest, type TenantPorts } from './change-tenant.ts';
import type { Tenant, TenantSettings } from './tenant.ts';

/**
 * Changes what is named; the rest stays. `permits` is asked for what holds; when it says no, nothing changes.
 * @throws HoldfastError `tenant_not_found`, `tenant_exists`, `etag_mismatch`.
 */
export const updateTenant = (
  ports: TenantPorts,
  who: PlatformRequest,
  id: string,
  change: Partial<TenantSettings>,
  permits: (current: TenantSettings) => boolean = () => true,
): Promise<Tenant> =>
  changeTenant(ports, who, id, 'tenants.update', async (tenants, { name, externalId, slots, weight }) => {
    const before = { name, externalId, slots, weight };
    if (!permits(before)) throw refused('etag_mismatch', `Tenant ${id} was changed since it was read; read it again.`);
    const settings = { ...before, ...change };
    const outcome = await tenants.change({ tenant: id }, settings);
    if (outcome === 'name') throw nameTaken(settings.name);
    if (outcome === 'external_id') throw externalIdTaken(settings.externalId);
    return { before, after: settings };
  });
