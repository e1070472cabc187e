import { tenantResource } from '@holdfast/contracts';
import { type Tenant, tenantResourceOf, type TenantSettings } from '@holdfast/core';
import { z } from 'zod';
import { etagOf } from '../../http/etag.ts';
import type { AnswerDocument, JsonAnswer } from '../../http/route.ts';

export const tenantParams = z.strictObject({ tenant: z.uuid().transform((id) => id.toLowerCase()) });

/** What `If-Match` is held to. */
export const etagOfSettings = ({ name, externalId, slots, weight }: TenantSettings): string =>
  etagOf({ name, externalId, slots, weight });

export const tenantAnswer = (status: 200 | 202, tenant: Tenant): JsonAnswer => ({
  status,
  json: tenantResourceOf(tenant),
  headers: { etag: etagOfSettings(tenant) },
});

export const tenantDocument = (description: string): AnswerDocument => ({
  description,
  json: tenantResource,
  headers: { ETag: 'For `If-Match` of a change of its settings.' },
});
