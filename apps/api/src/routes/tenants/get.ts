import { noTenant } from '@holdfast/core';
import { noBody, nothing, platformRoute } from '../../http/route.ts';
import { tenantAnswer, tenantDocument, tenantParams } from './tenant-route.ts';

export const get = platformRoute({
  method: 'GET',
  url: '/v1/tenants/:tenant',
  operation: 'tenants.get',
  params: tenantParams,
  query: nothing,
  body: noBody,
  tag: 'Platform',
  summary: 'Get a tenant',
  answers: { 200: tenantDocument('The tenant.') },
  refusals: ['tenant_not_found'],
  handle: async ({ tenants }, { params }) => {
    const found = await tenants.get(params);
    if (found === null) throw noTenant(params.tenant);
    return tenantAnswer(200, found);
  },
});
