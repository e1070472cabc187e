import { describeKeycloak, type KeycloakServer } from '@holdfast/testing/servers';
import { beforeAll } from 'vitest';
import { describeLogin, type LoginIssuer } from './login.suite.ts';
import { signIn } from './support/keycloak-sign-in.ts';

const LIFE_SECONDS = 8;

interface Representation {
  readonly id: string;
  readonly [key: string]: unknown;
}

describeKeycloak('the real issuer', (server) => {
  beforeAll(async () => {
    const realm = (await server().admin('GET', '')) as Representation;
    await server().admin('PUT', '', { ...realm, accessTokenLifespan: LIFE_SECONDS });
  });
  describeLogin('Keycloak', () => issuerOf(server()));
});

function issuerOf(keycloak: KeycloakServer): LoginIssuer {
  const { issuer } = keycloak;
  const admin = (method: string, path: string, body?: unknown) => keycloak.admin(method, path, body);
  const userOf = async (person: string): Promise<Representation> => {
    const [user] = (await admin('GET', `/users?username=${person}&exact=true`)) as Representation[];
    if (user === undefined) throw new Error(`Keycloak has nobody called ${person}`);
    return user;
  };
  return {
    environment: {
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: 'holdfast-web',
      OIDC_CLIENT_SECRET: 'dev-only-holdfast-secret',
      OIDC_CLI_CLIENT_ID: 'holdfast-cli',
    },
    people: { one: 'bob', two: 'carol', leaver: 'dave', nobody: 'erin' },
    tenants: ['acme', 'globex'],
    machine: { id: 'holdfast-machine', secret: 'dev-only-machine-secret', scope: 'organization:acme' },
    lifeSeconds: LIFE_SECONDS,
    servesApi: async (url) => {
      const [client] = (await admin('GET', '/clients?clientId=holdfast-web')) as Representation[];
      const attributes = {
        ...(client?.['attributes'] as object),
        'post.logout.redirect.uris': `${url}/signed-out`,
        'backchannel.logout.url': `${url}/auth/backchannel-logout`,
      };
      await admin('PUT', `/clients/${client?.id ?? ''}`, {
        ...client,
        redirectUris: [`${url}/auth/callback`],
        attributes,
      });
    },
    subject: async (person) => (await userOf(person)).id,
    signIn,
    asksWho: (page) => page.locator('#username').isVisible(),
    letDeviceIn: async (page, person) => {
      await signIn(page, person);
      await page.click('[name=accept]');
      await page.getByText('Device Login Successful').waitFor();
    },
    endLogin: async (_page, person) => {
      const { id } = await userOf(person);
      await admin('POST', `/users/${id}/logout`);
    },
    disable: async (person) => {
      const user = await userOf(person);
      await admin('PUT', `/users/${user.id}`, { ...user, enabled: false });
    },
    rotateKeys: async () => {
      const realm = (await admin('GET', '')) as Representation;
      await admin('POST', '/components', {
        name: `key ${Date.now()}`,
        providerId: 'rsa-generated',
        providerType: 'org.keycloak.keys.KeyProvider',
        parentId: realm.id,
        config: { priority: [String(Date.now())], enabled: ['true'], active: ['true'], algorithm: ['RS256'] },
      });
    },
  };
}
