import type { Clock } from '../clock.ts';
import { changeTenant, erasing, type PlatformRequest, type TenantPorts } from './change-tenant.ts';
import type { Tenant } from './tenant.ts';

/**
 * Suspends the tenant at once and has it erased after the grace; until then it may be kept.
 * @throws HoldfastError `tenant_not_found`, `tenant_erasing`.
 */
export const deleteTenant = (
  ports: TenantPorts & { readonly clock: Clock },
  who: PlatformRequest,
  id: string,
  graceMs: number,
): Promise<Tenant> =>
  changeTenant(ports, who, id, 'tenants.delete', async (tenants) => {
    const at = ports.clock.now() + graceMs;
    if (!(await tenants.delete({ tenant: id }, at))) throw erasing(id);
    return { delete_at: at, grace_ms: graceMs };
  });
