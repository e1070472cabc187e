import { createTenantBody, newTenantResource } from '@holdfast/contracts';
import { makeTenant, tenantResourceOf } from '@holdfast/core';
import { nothing, platformRoute } from '../../http/route.ts';

export const create = platformRoute({
  method: 'POST',
  url: '/v1/tenants',
  operation: 'tenants.create',
  params: nothing,
  query: nothing,
  body: createTenantBody,
  tag: 'Platform',
  summary: 'Make a tenant',
  description:
    'A repetition makes no second one, since the name is taken: an `Idempotency-Key` is not looked at. A first admin key is in this answer and nowhere else.',
  answers: { 201: { description: 'The tenant.', json: newTenantResource } },
  refusals: ['tenant_exists'],
  handle: async (ports, { who, body: { name, slots, weight, external_id, key: withKey } }) => {
    const draft = { name, slots: slots ?? ports.tenantSlots, weight, externalId: external_id };
    const { tenant, key } = await makeTenant(ports, who, draft, withKey);
    return { status: 201, json: { ...tenantResourceOf(tenant), api_key: key } };
  },
});
