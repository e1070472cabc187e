import type { Grant, Provider } from 'oidc-provider';
import { tenantScopes } from './claims.ts';

/** What access tokens are for; the audience that they name stands beside the clients. */
export const RESOURCE = 'urn:holdfast:api';

/** Everything that may be asked for: nobody has to be asked by their own program. */
export async function grantFor(provider: Provider, accountId: string, clientId: string): Promise<Grant> {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addOIDCClaims(['organization']);
  grant.addResourceScope(RESOURCE, tenantScopes.join(' '));
  await grant.save();
  return grant;
}
