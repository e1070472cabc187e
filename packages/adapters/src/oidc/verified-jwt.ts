import { TokenRefused } from '@holdfast/core';
import { errors, jwtVerify, type JWTHeaderParameters, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import type { IssuerKeys } from './issuer-keys.ts';

/** No secret that two share, and nothing without a signature. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Node takes 16 KiB of headers in all. */
const MOST_CHARACTERS = 12 * 1024;
/** Clocks of machines differ. */
export const SKEW_S = 30;

const reasons: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not allowed',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is wrong',
};

/**
 * Signature, algorithm, key and times of a JWT of the issuer, and what `options` ask of its claims.
 * @throws TokenRefused; IssuerUnavailable.
 */
export async function verifiedJwt(
  token: string,
  keys: IssuerKeys,
  options: Omit<JWTVerifyOptions, 'algorithms' | 'clockTolerance'>,
): Promise<JWTVerifyResult> {
  if (token.length > MOST_CHARACTERS) throw new TokenRefused('it is larger than 12 KiB');
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw new TokenRefused('it is no signed JWT');
  try {
    return await jwtVerify(token, (header) => keyOf(keys, header), { ...options, algorithms, clockTolerance: SKEW_S });
  } catch (error) {
    if (error instanceof errors.JWTClaimValidationFailed)
      throw new TokenRefused(`its claim ${error.claim} does not fit`);
    if (error instanceof errors.JOSEError) throw new TokenRefused(reasons[error.code] ?? 'it cannot be read');
    // jose throws these for keys that do not suit the algorithm.
    if (error instanceof TypeError && !(error.cause instanceof Error)) throw new TokenRefused('its key does not fit');
    throw error;
  }
}

/** Keys come from the issuer alone: what a header says about them (`jwk`, `jku`, `x5u`, `x5c`) is not looked at. */
function keyOf(keys: IssuerKeys, header: JWTHeaderParameters): ReturnType<IssuerKeys['keyFor']> {
  const { kid } = header;
  if (typeof kid !== 'string' || kid === '' || kid.length > 255) throw new TokenRefused('it names no key');
  return keys.keyFor(header);
}
