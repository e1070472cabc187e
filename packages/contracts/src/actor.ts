import { z } from 'zod';

/** Roles inside a tenant; what each may do stands in `core/src/policies`. */
export const role = z.enum(['viewer', 'operator', 'builder', 'admin', 'auditor']);
export type Role = z.infer<typeof role>;

/**
 * Who did it: an API key, a person or a service that an OIDC issuer vouches for (`id` is that of the member), or Holdfast
 * itself (an expiry, a late result).
 */
export const actor = z.strictObject({
  type: z.enum(['api-key', 'person', 'service', 'system']),
  id: z.string().max(255),
  roles: z.array(role).default([]),
  member: z.uuid().optional().describe('The member whose API key it is; left out: nobody’s.'),
});
export type Actor = z.infer<typeof actor>;
