import { resumeTenant } from '@holdfast/core';
import { z } from 'zod';
import { nothing, platformRoute } from '../../http/route.ts';
import { tenantAnswer, tenantDocument, tenantParams } from './tenant-route.ts';

export const resume = platformRoute({
  method: 'POST',
  url: '/v1/tenants/:tenant/resume',
  operation: 'tenants.resume',
  params: tenantParams,
  query: nothing,
  body: z.strictObject({}).optional(),
  tag: 'Platform',
  summary: 'Resume a tenant',
  description: 'All goes on where it stood.',
  answers: { 200: tenantDocument('The tenant.') },
  refusals: ['tenant_not_found', 'tenant_deleting'],
  handle: async (ports, { who, params: { tenant } }) => tenantAnswer(200, await resumeTenant(ports, who, tenant)),
});
