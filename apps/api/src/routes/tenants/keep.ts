import { keepTenant } from '@holdfast/core';
import { z } from 'zod';
import { nothing, platformRoute } from '../../http/route.ts';
import { tenantAnswer, tenantDocument, tenantParams } from './tenant-route.ts';

export const keep = platformRoute({
  method: 'POST',
  url: '/v1/tenants/:tenant/keep',
  operation: 'tenants.keep',
  params: tenantParams,
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Platform',
  summary: 'Take the deletion of a tenant back',
  description: 'Until its erasure has begun. It stays suspended until somebody resumes it.',
  answers: { 200: tenantDocument('The tenant.') },
  refusals: ['tenant_not_found', 'tenant_erasing'],
  handle: async (ports, { who, params: { tenant } }) => tenantAnswer(200, await keepTenant(ports, who, tenant)),
});
