import { z } from 'zod';
import { duration } from '../agent/duration.ts';
import { page, pageQuery } from './page.ts';

/** As tokens may name it, too. */
export const tenantName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@:-]{0,99}$/u, {
  error: 'must begin with a letter or digit and go on with letters, digits, spaces and . _ @ : -, at most 100 in all',
});

const slots = z.int().min(1).max(100_000).describe('Runs at once.');
const externalId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}]*$/u, { error: 'has no control characters' })
  .nullable()
  .describe('What the OIDC issuer calls it for ever, so that it may be renamed; null: it is known by its name.');
const weight = z.int().min(1).max(1_000).describe('Its share of admissions beside other tenants’.');

export const tenantResource = z
  .object({
    id: z.uuid(),
    name: z.string(),
    external_id: z
      .string()
      .nullable()
      .describe('What the OIDC issuer calls it for ever; null: it is known by its name.'),
    slots: z.int(),
    weight: z.int(),
    created_at: z.iso.datetime(),
    suspended_at: z.iso.datetime().nullable().describe('null: it is not suspended.'),
    delete_at: z.iso.datetime().nullable().describe('It is erased from then on; null: it stays.'),
    erasing_since: z.iso.datetime().nullable().describe('The erasure has begun, and cannot be taken back.'),
  })
  .meta({ id: 'Tenant' });
export type TenantResource = z.output<typeof tenantResource>;

export const tenantPage = page(tenantResource);

export const newTenantResource = tenantResource
  .extend({
    api_key: z.string().nullable().describe('Its first admin key, shown this once; null: none was asked for.'),
  })
  .meta({ id: 'NewTenant' });
export type NewTenantResource = z.output<typeof newTenantResource>;

export const listTenantsQuery = pageQuery.extend({
  name: z
    .string()
    .min(1)
    .max(255)
    // No database holds U+0000.
    .refine((text) => !text.includes('\u0000'), { error: 'contains U+0000, which no name has' })
    .optional()
    .describe('The one that has exactly this name.'),
});

export const createTenantBody = z
  .strictObject({
    name: tenantName,
    slots: slots.optional().describe('Runs at once; TENANT_SLOTS when left out.'),
    weight: weight.default(1),
    external_id: externalId.default(null),
    key: z.boolean().default(false).describe('With a first admin key, for where no issuer lets anybody in.'),
  })
  .meta({ id: 'NewTenantBody' });
export type CreateTenantBody = z.input<typeof createTenantBody>;

export const updateTenantBody = z
  .strictObject({ name: tenantName, external_id: externalId, slots, weight })
  .meta({ id: 'TenantSettings' });
export type UpdateTenantBody = z.input<typeof updateTenantBody>;

export const suspendTenantBody = z.strictObject({
  reason: z.string().min(1).max(1_000).optional().describe('For the audit logs.'),
});
export type SuspendTenantBody = z.input<typeof suspendTenantBody>;

/** Seven days, ms. */
export const DEFAULT_GRACE_MS = 7 * 86_400_000;

export const deleteTenantQuery = z.strictObject({
  grace: duration.default(DEFAULT_GRACE_MS).describe('Until then it may be kept; 7 days when left out.'),
});

export const exportTenantQuery = z.strictObject({
  files: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true')
    .describe('`false`: without the content of files.'),
});
