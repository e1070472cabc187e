import { deleteTenantQuery } from '@holdfast/contracts';
import { deleteTenant } from '@holdfast/core';
import { noBody, platformRoute } from '../../http/route.ts';
import { tenantAnswer, tenantDocument, tenantParams } from './tenant-route.ts';

export const remove = platformRoute({
  method: 'DELETE',
  url: '/v1/tenants/:tenant',
  operation: 'tenants.delete',
  params: tenantParams,
  query: deleteTenantQuery,
  body: noBody,
  tag: 'Platform',
  summary: 'Delete a tenant',
  description:
    'Suspended at once, erased after the grace: rows, files and all. A line of the platform’s log proves it. Asked again, the grace begins anew.',
  answers: { 202: tenantDocument('The tenant, and when it is erased.') },
  refusals: ['tenant_not_found', 'tenant_erasing'],
  handle: async (ports, { who, params: { tenant }, query: { grace } }) =>
    tenantAnswer(202, await deleteTenant(ports, who, tenant, grace)),
});
