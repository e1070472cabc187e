import { AUDIENCE } from './clients.ts';
import { machine, people, type Person } from './people.ts';

/** The scope for which tenants are told: all of the person's, as with Keycloak's organizations. */
export const TENANTS_SCOPE = 'organization:*';
const names = new Set([...people, machine].flatMap(({ roles }) => Object.keys(roles)));
/** All, and each alone. */
export const tenantScopes: readonly string[] = [TENANTS_SCOPE, ...[...names].map((name) => `organization:${name}`)];

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
