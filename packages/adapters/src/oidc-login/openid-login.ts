import {
  IssuerUnavailable,
  type LoginBegun,
  LoginEnded,
  type LoginProvider,
  LoginRefused,
  type LoginTokens,
  TokenRefused,
} from '@holdfast/core';
import { createRemoteJWKSet, customFetch as keysFetch, errors, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { z } from 'zod';

export interface OpenIdLoginOptions {
  /** What tokens say. */
  readonly issuer: string;
  /** Where to connect, when that is another address; null = the issuer's own. */
  readonly internalUrl: string | null;
  readonly clientId: string;
  /** null = a public client. */
  readonly clientSecret: string | null;
  readonly scope: string;
}

const TIMEOUT_SECONDS = 10;
/** ms; the issuer's clock may differ by as much. */
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
  #known: Promise<Known> | null = null;

  constructor(options: OpenIdLoginOptions) {
    this.#options = options;
  }

  async begin(redirectUri: string): Promise<LoginBegun> {
    const { config } = await this.#discovered();
    const verifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: this.#options.scope,
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, state, nonce, verifier };
  }

  async finish(callback: URL, { state, nonce, verifier }: Omit<LoginBegun, 'url'>): Promise<LoginTokens> {
    const { config } = await this.#discovered();
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
    const { config } = await this.#discovered();
    try {
      return this.#tokensOf(await oidc.refreshTokenGrant(config, before.refreshToken ?? ''), before);
    } catch (error) {
      if (isAway(error)) throw away(this.#options.issuer, error);
      throw new LoginEnded(`The login is over: ${messageOf(error)}`, { cause: error });
    }
  }

  async logoutUrl(idToken: string | null, returnTo: string): Promise<string | null> {
    const { config } = await this.#discovered();
    if (config.serverMetadata().end_session_endpoint === undefined) return null;
    return oidc.buildEndSessionUrl(config, {
      post_logout_redirect_uri: returnTo,
      ...(idToken === null ? {} : { id_token_hint: idToken }),
    }).href;
  }

  async endedBy(
    logoutToken: string,
  ): Promise<{ readonly issuer: string; readonly sid: string | null; readonly subject: string | null }> {
    const { keys } = await this.#discovered();
    const { issuer, clientId } = this.#options;
    try {
      const { payload } = await jwtVerify(logoutToken, keys, {
        issuer,
        audience: clientId,
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        maxTokenAge: LOGOUT_AGE_SECONDS,
        clockTolerance: 30,
        requiredClaims: ['jti'],
      });
      const { sub = null, sid = null } = logoutClaims.parse(payload);
      return { issuer, sid, subject: sub };
    } catch (error) {
      const isRefusal = error instanceof z.ZodError || (error instanceof errors.JOSEError && !isAway(error));
      if (isRefusal) throw new TokenRefused(`a logout token: ${messageOf(error)}`);
      throw away(issuer, error);
    }
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

  /** Asked for at the first need, and again when nobody answered. */
  #discovered(): Promise<Known> {
    this.#known ??= this.#discover().catch((error: unknown) => {
      this.#known = null;
      throw away(this.#options.issuer, error);
    });
    return this.#known;
  }

  async #discover(): Promise<Known> {
    const { issuer, internalUrl, clientId, clientSecret } = this.#options;
    const fetchInside = (url: string, init?: RequestInit): Promise<Response> =>
      fetch(inside(url, issuer, internalUrl), init);
    const config = await oidc.discovery(
      new URL(issuer),
      clientId,
      undefined,
      clientSecret === null ? oidc.None() : oidc.ClientSecretBasic(clientSecret),
      {
        timeout: TIMEOUT_SECONDS,
        [oidc.customFetch]: (url, options) => fetchInside(url, options as RequestInit),
        // Whether the issuer may be plain http is decided where it is configured.
        ...(issuer.startsWith('http:') ? { execute: [oidc.allowInsecureRequests] } : {}),
      },
    );
    const { jwks_uri: keys } = config.serverMetadata();
    if (keys === undefined) throw new Error('the issuer names no jwks_uri');
    return {
      config,
      keys: createRemoteJWKSet(new URL(keys), {
        [keysFetch]: fetchInside,
        timeoutDuration: TIMEOUT_SECONDS * 1_000,
        cooldownDuration: 5_000,
      }),
    };
  }
}

interface Known {
  readonly config: oidc.Configuration;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
}

/** The same path at the address from which the issuer can be reached here. */
export function inside(url: string, issuer: string, internalUrl: string | null): string {
  return internalUrl !== null && url.startsWith(`${issuer}/`) ? internalUrl + url.slice(issuer.length) : url;
}

/** Nobody answered, or not as an issuer that works. */
function isAway(error: unknown): boolean {
  if (error instanceof oidc.ResponseBodyError) return error.status >= 500 || error.status === 429;
  if (error instanceof oidc.AuthorizationResponseError) return error.error === 'temporarily_unavailable';
  if (error instanceof errors.JWKSTimeout || error instanceof TypeError) return true;
  if (error instanceof oidc.ClientError)
    return ['OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_TIMEOUT'].includes(error.code ?? '');
  return false;
}

const away = (issuer: string, error: unknown): IssuerUnavailable =>
  error instanceof IssuerUnavailable
    ? error
    : new IssuerUnavailable(`The issuer ${issuer} does not answer: ${messageOf(error)}`, { cause: error });

/** What the issuer says, where it says something. Never with a token. */
function messageOf(error: unknown): string {
  if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError)
    return `${error.error}${error.error_description === undefined ? '' : ` (${error.error_description})`}`;
  return error instanceof z.ZodError ? 'its claims do not fit' : error instanceof Error ? error.message : String(error);
}
