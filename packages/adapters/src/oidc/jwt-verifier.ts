import { type ClaimRules, readClaims, type TokenIdentity, TokenRefused, type TokenVerifier } from '@holdfast/core';
import { errors, jwtVerify, type JWTPayload, type JWTHeaderParameters, type JWTVerifyResult } from 'jose';
import { checkAccessToken, isService } from './access-token.ts';
import { Issuer, type IssuerAddress } from './issuer.ts';
import { IssuerKeys, type KeyTimes } from './issuer-keys.ts';

export interface VerifierOptions extends IssuerAddress {
  readonly audience: string;
  readonly claims: ClaimRules;
  readonly times?: KeyTimes;
  /** ms since 1970; default the process's clock. */
  readonly now?: () => number;
}

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
const SKEW_S = 30;

/** Verifies access tokens of one OIDC issuer. */
export class JwtVerifier implements TokenVerifier {
  readonly #options: VerifierOptions;
  readonly #keys: IssuerKeys;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#keys = new IssuerKeys(new Issuer(options), options.times);
  }

  async verify(token: string): Promise<TokenIdentity> {
    if (token.length > MOST_CHARACTERS) throw new TokenRefused('it is larger than 12 KiB');
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw new TokenRefused('it is no signed JWT');
    const now = this.#options.now?.() ?? Date.now();
    const { payload, protectedHeader } = await this.#verified(token, now);
    checkAccessToken(protectedHeader.typ, payload);
    if (typeof payload.iat === 'number' && payload.iat > now / 1_000 + SKEW_S)
      throw new TokenRefused('it was issued in the future');
    return identityOf(payload, this.#options);
  }

  async #verified(token: string, now: number): Promise<JWTVerifyResult> {
    const { issuer, audience } = this.#options;
    try {
      return await jwtVerify(token, (header) => this.#keyOf(header), {
        issuer,
        audience,
        algorithms,
        clockTolerance: SKEW_S,
        currentDate: new Date(now),
        requiredClaims: ['sub', 'exp'],
      });
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
  #keyOf(header: JWTHeaderParameters): ReturnType<IssuerKeys['keyFor']> {
    const { kid } = header;
    if (typeof kid !== 'string' || kid === '' || kid.length > 255) throw new TokenRefused('it names no key');
    return this.#keys.keyFor(header);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not allowed',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is wrong',
};

function identityOf(payload: JWTPayload, { issuer, claims }: VerifierOptions): TokenIdentity {
  const { sub, exp } = payload;
  if (sub === undefined || sub === '' || sub.length > 255 || exp === undefined)
    throw new TokenRefused('its claim sub does not fit');
  return {
    issuer,
    subject: sub,
    kind: isService(payload) ? 'service' : 'person',
    name: textOf(payload['name']) ?? textOf(payload['preferred_username']),
    email: textOf(payload['email']),
    ...readClaims(payload, claims),
    session: textOf(payload['sid']),
    expiresAt: exp * 1_000,
  };
}

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.replaceAll('\0', '').slice(0, 255) : null;
