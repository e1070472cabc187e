import { changeTenant, type PlatformRequest, type TenantPorts } from './change-tenant.ts';
import type { Tenant } from './tenant.ts';

/** Nobody is let in and nothing begins; runs under way are let go at their next step. @throws HoldfastError `tenant_not_found`. */
export const suspendTenant = (
  ports: TenantPorts,
  who: PlatformRequest,
  id: string,
  reason: string | null,
): Promise<Tenant> =>
  changeTenant(ports, who, id, 'tenants.suspend', async (tenants) => {
    await tenants.suspend({ tenant: id });
    return { reason };
  });
