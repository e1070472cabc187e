import { suspendTenantBody } from '@holdfast/contracts';
import { suspendTenant } from '@holdfast/core';
import { nothing, platformRoute } from '../../http/route.ts';
import { tenantAnswer, tenantDocument, tenantParams } from './tenant-route.ts';

export const suspend = platformRoute({
  method: 'POST',
  url: '/v1/tenants/:tenant/suspend',
  operation: 'tenants.suspend',
  params: tenantParams,
  query: nothing,
  body: suspendTenantBody.optional(),
  tag: 'Platform',
  summary: 'Suspend a tenant',
  description:
    'Nobody is let in and nothing begins; calls under way end, are recorded, and their runs let go. One that is suspended stays so since then.',
  answers: { 200: tenantDocument('The tenant.') },
  refusals: ['tenant_not_found'],
  handle: async (ports, { who, params: { tenant }, body }) =>
    tenantAnswer(200, await suspendTenant(ports, who, tenant, body?.reason ?? null)),
});
