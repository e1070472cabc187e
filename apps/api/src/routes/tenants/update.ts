import { updateTenantBody } from '@holdfast/contracts';
import { updateTenant } from '@holdfast/core';
import { ifMatch, ifMatchOf } from '../../http/etag.ts';
import { nothing, platformRoute } from '../../http/route.ts';
import { tenantAnswer, tenantDocument, tenantParams } from './tenant-route.ts';

export const update = platformRoute({
  method: 'PUT',
  url: '/v1/tenants/:tenant',
  operation: 'tenants.update',
  params: tenantParams,
  query: nothing,
  body: updateTenantBody,
  tag: 'Platform',
  summary: "Set a tenant's name, external id, slots and weight",
  headers: { 'If-Match': ifMatchOf('It changes only when this is the ETag of what holds; `*`: always.') },
  answers: { 200: tenantDocument('The tenant.') },
  refusals: ['tenant_not_found', 'tenant_exists', 'etag_mismatch'],
  handle: async (ports, { who, params: { tenant }, body: { external_id: externalId, ...body }, request }) =>
    tenantAnswer(200, await updateTenant(ports, who, tenant, { ...body, externalId }, ifMatch(request))),
});
