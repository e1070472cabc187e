import {
  type ClaimRules,
  type Log,
  readClaims,
  type TokenIdentity,
  TokenRefused,
  type TokenVerifier,
} from '@holdfast/core';
import type { JWTPayload } from 'jose';
import { checkAccessToken, isService } from './access-token.ts';
import { Issuer, type IssuerAddress } from './issuer.ts';
import { IssuerKeys, type KeyTimes } from './issuer-keys.ts';
import { SKEW_S, verifiedJwt } from './verified-jwt.ts';

export interface VerifierOptions extends IssuerAddress {
  readonly audience: string;
  readonly claims: ClaimRules;
  /** Is told when keys cannot be had, and when they can again. */
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly times?: KeyTimes;
  /** ms since 1970; default the process's clock. */
  readonly now?: () => number;
}

/** Verifies access tokens of one OIDC issuer. */
export class JwtVerifier implements TokenVerifier {
  readonly #options: VerifierOptions;
  readonly #keys: IssuerKeys;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#keys = new IssuerKeys(new Issuer(options), options.log, options.times);
  }

  async verify(token: string): Promise<TokenIdentity> {
    const { issuer, audience } = this.#options;
    const now = this.#options.now?.() ?? Date.now();
    const { payload, protectedHeader } = await verifiedJwt(token, this.#keys, {
      issuer,
      audience,
      currentDate: new Date(now),
      requiredClaims: ['sub', 'exp'],
    });
    checkAccessToken(protectedHeader.typ, payload);
    if (typeof payload.iat === 'number' && payload.iat > now / 1_000 + SKEW_S)
      throw new TokenRefused('it was issued in the future');
    return identityOf(payload, this.#options);
  }
}

function identityOf(payload: JWTPayload, { issuer, claims }: VerifierOptions): TokenIdentity {
  const { sub, exp } = payload;
  // Half a character is kept as a question mark: two people could become one.
  if (sub === undefined || !/^[^\p{Cc}\p{Cs}]{1,255}$/u.test(sub) || exp === undefined)
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
