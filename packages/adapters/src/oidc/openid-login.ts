import {
  IssuerUnavailable,
  type Log,
  type LoginBegun,
  LoginEnded,
  type LoginProvider,
  LoginRefused,
  type LoginTokens,
  TokenRefused,
} from '@holdfast/core';
import * as oidc from 'openid-client';
import { z } from 'zod';
import { Issuer, type IssuerAddress } from './issuer.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { verifiedJwt } from './verified-jwt.ts';
import { clientOf, isAway, messageOf } from './client.ts';

export interface OpenIdLoginOptions extends IssuerAddress {
  readonly clientId: string;
  /** null = a public client. */
  readonly clientSecret: string | null;
  readonly scope: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** In the scope: all tenants of the person, as Keycloak calls it. */
const ALL_TENANTS = 'organization:*';
/** How old a logout token may be. */
const LOGOUT_AGE_SECONDS = 120;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const logoutClaims = z
  .object({
    iss: z.string(),
    sub: z.string().optional(),
    sid: z.string().optional(),
    events: z.object({ [LOGOUT_EVENT]: z.looseObject({}) }),
    nonce: z.undefined().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined);

const sidClaim = z.object({ sid: z.string().optional() });

/** Authorization code with PKCE, refresh and logout at any OpenID provider. */
export class OpenIdLogin implements LoginProvider {
  readonly #options: OpenIdLoginOptions;
  readonly #issuer: Issuer;
  readonly #keys: IssuerKeys;

  constructor(options: OpenIdLoginOptions) {
    this.#options = options;
    this.#issuer = new Issuer(options);
    this.#keys = new IssuerKeys(this.#issuer, options.log);
  }

  async begin(redirectUri: string, tenant: string | null): Promise<LoginBegun> {
    const config = await this.#client();
    const verifier = oidc.randomPKCECodeVerifier();
    const { scope } = this.#options;
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: tenant === null ? scope : scope.replace(ALL_TENANTS, `organization:${tenant}`),
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, state, nonce, verifier };
  }

  async finish(callback: URL, { state, nonce, verifier }: Omit<LoginBegun, 'url'>): Promise<LoginTokens> {
    const config = await this.#client();
    try {
      return this.#tokensOf(
        await oidc.authorizationCodeGrant(config, callback, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        }),
        null,
      );
    } catch (error) {
      if (isAway(error)) throw away(this.#options.issuer, error);
      throw new LoginRefused(`The login did not succeed: ${messageOf(error)}`, { cause: error });
    }
  }

  async refresh(before: LoginTokens): Promise<LoginTokens> {
    const config = await this.#client();
    try {
      return this.#tokensOf(await oidc.refreshTokenGrant(config, before.refreshToken ?? ''), before);
    } catch (error) {
      if (isAway(error)) throw away(this.#options.issuer, error);
      throw new LoginEnded(`The login is over: ${messageOf(error)}`, { cause: error });
    }
  }

  async logoutUrl(idToken: string | null, returnTo: string): Promise<string | null> {
    const config = await this.#client();
    if (config.serverMetadata().end_session_endpoint === undefined) return null;
    return oidc.buildEndSessionUrl(config, {
      post_logout_redirect_uri: returnTo,
      ...(idToken === null ? {} : { id_token_hint: idToken }),
    }).href;
  }

  async endedBy(
    logoutToken: string,
  ): Promise<{ readonly issuer: string; readonly sid: string | null; readonly subject: string | null }> {
    const { issuer, clientId } = this.#options;
    const { payload } = await verifiedJwt(logoutToken, this.#keys, {
      issuer,
      audience: clientId,
      maxTokenAge: LOGOUT_AGE_SECONDS,
      requiredClaims: ['jti'],
    });
    const claims = logoutClaims.safeParse(payload);
    if (!claims.success) throw new TokenRefused('it is no logout token');
    const { sub = null, sid = null } = claims.data;
    return { issuer, sid, subject: sub };
  }

  #tokensOf(
    answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
    before: LoginTokens | null,
  ): LoginTokens {
    const claims = answer.claims();
    const subject = claims?.sub ?? before?.subject;
    if (subject === undefined) throw new LoginRefused('The login did not succeed: the issuer does not say whose it is');
    // It would be the login of somebody else.
    if (before !== null && subject !== before.subject) throw new LoginEnded('The login is over: it changed its person');
    const told: unknown = answer['refresh_expires_in'];
    return {
      issuer: this.#options.issuer,
      subject,
      sid: sidClaim.safeParse(claims).data?.sid ?? before?.sid ?? null,
      accessToken: answer.access_token,
      accessLifeMs: (answer.expires_in ?? 300) * 1_000,
      refreshToken: answer.refresh_token ?? before?.refreshToken ?? null,
      refreshLifeMs: typeof told === 'number' && told > 0 ? told * 1_000 : null,
      idToken: answer.id_token ?? before?.idToken ?? null,
    };
  }

  #client(): Promise<oidc.Configuration> {
    const { clientId, clientSecret } = this.#options;
    return clientOf(this.#issuer, clientId, clientSecret);
  }
}

const away = (issuer: string, error: unknown): IssuerUnavailable =>
  error instanceof IssuerUnavailable
    ? error
    : new IssuerUnavailable(`The issuer ${issuer} does not answer: ${messageOf(error)}`, { cause: error });
