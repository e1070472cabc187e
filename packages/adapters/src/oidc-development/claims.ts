import { AUDIENCE } from './clients.ts';
import type { Person } from './people.ts';

/** The scope for which tenants are told: all of the person's, as with Keycloak's organizations. */
export const TENANTS_SCOPE = 'organization:*';

/**
 * What tokens say beside the standard claims, in Keycloak's shape. Tenants have no `id`: here a tenant is known by its
 * name.
 */
export const tenantClaims = (
  { roles, platformAdmin }: Person,
  scopes: ReadonlySet<string>,
): Record<string, unknown> => {
  const wanted = Object.entries(roles).filter(
    ([tenant]) => scopes.has(TENANTS_SCOPE) || scopes.has(`organization:${tenant}`),
  );
  const organization = Object.fromEntries(
    wanted.map(([tenant, held]) => [
      tenant,
      { groups: held.map((role) => `/${role}`), resource_access: { [AUDIENCE]: { roles: [...held] } } },
    ]),
  );
  return {
    ...(wanted.length === 0 ? {} : { organization }),
    ...(platformAdmin ? { realm_access: { roles: ['platform-admin'] } } : {}),
  };
};

export const personClaims = ({ id, name }: Person): Record<string, string | boolean> => ({
  preferred_username: id,
  name,
  email: `${id}@example.test`,
  email_verified: true,
});
