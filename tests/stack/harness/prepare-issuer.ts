import type { KeycloakServer } from '@holdfast/testing/servers';
import { z } from 'zod';

export const clientSecret = 'dev-only-holdfast-secret';

const clients = z.array(z.looseObject({ id: z.string(), attributes: z.record(z.string(), z.string()) })).length(1);

/** Tells Keycloak where Holdfast is: people are sent back there alone. */
export async function prepareIssuer(keycloak: KeycloakServer, edge: string): Promise<void> {
  const [client] = clients.parse(await keycloak.admin('GET', '/clients?clientId=holdfast'));
  if (client === undefined) throw new Error('the realm has no client holdfast');
  await keycloak.admin('PUT', `/clients/${client.id}`, {
    ...client,
    redirectUris: [`${edge}/auth/callback`],
    webOrigins: [edge],
    attributes: {
      ...client.attributes,
      'post.logout.redirect.uris': `${edge}/signed-out`,
      'backchannel.logout.url': `${edge}/auth/backchannel-logout`,
    },
  });
}
