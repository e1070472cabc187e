import { changeTenant, erasing, type PlatformRequest, type TenantPorts } from './change-tenant.ts';
import type { Tenant } from './tenant.ts';

/** Takes a deletion back; the tenant stays suspended. @throws HoldfastError `tenant_not_found`, `tenant_erasing`. */
export const keepTenant = (ports: TenantPorts, who: PlatformRequest, id: string): Promise<Tenant> =>
  changeTenant(ports, who, id, 'tenants.keep', async (tenants) => {
    if (!(await tenants.keep({ tenant: id }))) throw erasing(id);
    return {};
  });
