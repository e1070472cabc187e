import { changeTenant, nameTaken, type PlatformRequest, type TenantPorts } from './change-tenant.ts';
import type { Tenant, TenantSettings } from './tenant.ts';

/** Changes what is named; the rest stays. @throws HoldfastError `tenant_not_found`, `tenant_exists`. */
export const updateTenant = (
  ports: TenantPorts,
  who: PlatformRequest,
  id: string,
  change: Partial<TenantSettings>,
): Promise<Tenant> =>
  changeTenant(ports, who, id, 'tenants.update', async (tenants, { name, slots, weight }) => {
    const settings = { name, slots, weight, ...change };
    if (!(await tenants.change({ tenant: id }, settings))) throw nameTaken(settings.name);
    return { before: { name, slots, weight }, after: settings };
  });
