import type { KeycloakServer } from '@holdfast/testing/servers';

export interface Granted {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
}

const tests = { client_id: 'tests' };
const machine = { client_id: 'holdfast-machine', client_secret: 'dev-only-machine-secret' };

/**
 * A client that gets tokens for a password, as people never do, and says tenant and roles in flat claims, too. Its ID
 * tokens have the audience of access tokens.
 */
export async function allowPasswords(keycloak: KeycloakServer): Promise<void> {
  await keycloak.admin('POST', '/clients', {
    clientId: tests.client_id,
    publicClient: true,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: true,
    fullScopeAllowed: true,
    defaultClientScopes: ['basic', 'acr', 'profile', 'email', 'roles', 'holdfast-audience'],
    optionalClientScopes: ['organization', 'tenant-groups'],
    protocolMappers: [
      {
        name: 'tenant',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-hardcoded-claim-mapper',
        config: { 'claim.name': 'tenant', 'claim.value': 'initech', 'access.token.claim': 'true' },
      },
      {
        name: 'aud of ID tokens',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: { 'included.client.audience': 'holdfast', 'id.token.claim': 'true' },
      },
    ],
  });
}

/** Of one of the realm's people. @throws Error with what Keycloak says. */
export const granted = (keycloak: KeycloakServer, user: string, scope = 'openid organization:*'): Promise<Granted> =>
  ask(keycloak.issuer, {
    ...tests,
    grant_type: 'password',
    username: user,
    password: `dev-only-${user}-password`,
    scope,
  });

export const tokenOf = async (keycloak: KeycloakServer, user: string, scope?: string): Promise<string> =>
  (await granted(keycloak, user, scope)).access_token;

/** By client credentials, as programs get theirs. */
export const machineToken = async ({ issuer }: KeycloakServer): Promise<string> =>
  (await ask(issuer, { ...machine, grant_type: 'client_credentials', scope: 'organization:acme' })).access_token;

/** Of Keycloak's own realm, whose people are none of ours. */
export const otherRealmToken = async ({ url }: KeycloakServer): Promise<string> => {
  const who = { client_id: 'admin-cli', username: 'admin', password: 'dev-only-admin' };
  return (await ask(`${url}/realms/master`, { grant_type: 'password', ...who })).access_token;
};

async function ask(issuer: string, form: Record<string, string>): Promise<Granted> {
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text) as Granted;
}
