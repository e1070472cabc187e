import { TokenRefused } from '@holdfast/core';
import type { JWTPayload } from 'jose';

/**
 * An ID token has the same issuer, signature and often the same audience as an access token, and everybody who logs in
 * hands one around. RFC 9068 names access tokens in the header, Keycloak in the payload; of others we want what only
 * access tokens have, and nothing that only ID tokens have.
 * @throws TokenRefused
 */
export function checkAccessToken(headerType: string | undefined, payload: JWTPayload): void {
  const type = headerType?.toLowerCase().replace(/^application\//, '');
  if (type === 'at+jwt') return;
  if (type !== undefined && type !== 'jwt') throw new TokenRefused('its type is not that of an access token');
  if (payload['typ'] !== undefined) {
    if (payload['typ'] !== 'Bearer') throw new TokenRefused('it is no access token');
    return;
  }
  if (['nonce', 'at_hash', 'c_hash', 's_hash', 'events'].some((claim) => payload[claim] !== undefined))
    throw new TokenRefused('it is an ID token');
  if (!['scope', 'scp', 'client_id', 'idtyp', 'gty'].some((claim) => payload[claim] !== undefined))
    throw new TokenRefused('it does not say that it is an access token');
}

/** Client credentials: a program speaks for itself. */
export function isService(payload: JWTPayload): boolean {
  const { sub } = payload;
  const user = payload['preferred_username'];
  return (
    payload['gty'] === 'client-credentials' ||
    payload['idtyp'] === 'app' ||
    (typeof user === 'string' && user.startsWith('service-account-') && payload['sid'] === undefined) ||
    (sub !== undefined && [payload['client_id'], payload['azp'], payload['cid']].includes(sub))
  );
}
