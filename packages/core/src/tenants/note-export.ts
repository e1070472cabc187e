import { changeTenant, type PlatformRequest, type TenantPorts } from './change-tenant.ts';

/** Writes down that all of a tenant is read, before the first line is. @throws HoldfastError `tenant_not_found`. */
export async function noteExport(ports: TenantPorts, who: PlatformRequest, id: string, files: boolean): Promise<void> {
  await changeTenant(ports, who, id, 'tenants.export', () => Promise.resolve({ files }));
}
