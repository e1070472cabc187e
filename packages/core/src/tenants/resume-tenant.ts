import { refused } from '../use-cases/refused.ts';
import { changeTenant, type PlatformRequest, type TenantPorts } from './change-tenant.ts';
import type { Tenant } from './tenant.ts';

/** All goes on where it stood. @throws HoldfastError `tenant_not_found`, `tenant_deleting`. */
export const resumeTenant = (ports: TenantPorts, who: PlatformRequest, id: string): Promise<Tenant> =>
  changeTenant(ports, who, id, 'tenants.resume', async (tenants) => {
    if (!(await tenants.resume({ tenant: id })))
      throw refused('tenant_deleting', `Tenant ${id} is to be deleted. Keep it first, then resume it.`);
    return {};
  });
