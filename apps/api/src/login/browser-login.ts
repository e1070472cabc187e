import {
  type Clock,
  type LoginProvider,
  type LoginTokens,
  LoginRefused,
  refused,
  returnPath,
  type SecretCipher,
  SecretUnreadable,
  type SessionRequest,
  type Sessions,
  TokenRefused,
  type TokenVerifier,
} from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { cookieName, cookieOf, setCookie } from './cookies.ts';
import { whyForeign } from './foreign-request.ts';

const SESSION = 'holdfast_session';
const LOGIN = 'holdfast_login';
/** How long somebody may take to say who they are. */
const LOGIN_SECONDS = 600;
const place = { tenant: '', name: 'a login that was begun', version: 1 };

const begunLogin = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  until: z.number(),
});
const sealedLogin = z.object({ keyId: z.string(), nonce: z.string(), ciphertext: z.string() });

export interface BrowserLoginParts {
  readonly provider: LoginProvider;
  readonly sessions: Sessions;
  readonly verifier: TokenVerifier;
  readonly cipher: SecretCipher;
  readonly clock: Clock;
  /** How browsers reach the API, without a slash at its end. */
  readonly publicUrl: () => string;
}

/** Where to send the browser, and the cookies it gets. */
export interface Sent {
  readonly location: string;
  readonly cookies: readonly string[];
}

/** Logs browsers in at the issuer. They get a cookie; tokens stay here. */
export class BrowserLogin {
  readonly #parts: BrowserLoginParts;

  constructor(parts: BrowserLoginParts) {
    this.#parts = parts;
  }

  /** Where a browser begins, to come to `returnTo` then; which `begin` looks at. */
  address(returnTo: string): string {
    return `${this.#parts.publicUrl()}/auth/login?${new URLSearchParams({ return_to: returnTo }).toString()}`;
  }

  /** @throws HoldfastError `invalid_request` for a `returnTo` that leads elsewhere; IssuerUnavailable. */
  async begin(returnTo: string, tenant: string | null): Promise<Sent> {
    const path = returnPath(returnTo);
    if (path === null)
      throw refused('invalid_request', 'query: return_to must be a path of this server, such as /runs?status=failed.');
    const { url, state, nonce, verifier } = await this.#parts.provider.begin(this.#callback(), tenant);
    const until = this.#parts.clock.now() + LOGIN_SECONDS * 1_000;
    const sealed = this.#parts.cipher.seal(place, JSON.stringify({ state, nonce, verifier, returnTo: path, until }));
    const value = Buffer.from(JSON.stringify(sealed)).toString('base64url');
    return { location: url, cookies: [this.#cookie(loginCookie(state), value, LOGIN_SECONDS)] };
  }

  /** @throws LoginRefused, IssuerUnavailable. */
  async finish(request: FastifyRequest, state: string): Promise<Sent> {
    const { url, headers } = request;
    const name = loginCookie(state);
    const begun = this.#begun(this.#read(headers.cookie, name), state);
    const callback = new URL(this.#callback());
    callback.search = new URL(url, callback).search;
    const tokens = await this.#parts.provider.finish(callback, begun);
    await this.#check(tokens);
    const secret = await this.#parts.sessions.open(tokens, seen(request));
    return {
      location: begun.returnTo,
      // A new login gets a new cookie: what was in the browser before counts for nothing.
      cookies: [this.#cookie(SESSION, secret, null), this.#cookie(name, '', 0)],
    };
  }

  /** Ends the session here, and sends the browser to end it at the issuer. */
  async logout(request: FastifyRequest): Promise<Sent> {
    this.#refuseForeign(request, true);
    const signedOut = `${this.#parts.publicUrl()}/signed-out`;
    const cookies = [this.#cookie(SESSION, '', 0)];
    const secret = this.#read(request.headers.cookie, SESSION);
    const ended = secret === null ? null : await this.#parts.sessions.end(secret, seen(request));
    if (ended === null) return { location: signedOut, cookies };
    // The session here is over, whether or not the issuer answers.
    const location = await this.#parts.provider.logoutUrl(ended.idToken, signedOut).catch(() => null);
    return { location: location ?? signedOut, cookies };
  }

  /** The issuer says that a login is over. @throws HoldfastError `invalid_request` when it is not the issuer who does. */
  async ended(logoutToken: string, request: FastifyRequest): Promise<void> {
    try {
      const { issuer, sid, subject } = await this.#parts.provider.endedBy(logoutToken);
      await this.#parts.sessions.endAll(issuer, sid, subject, seen(request));
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      throw refused('invalid_request', 'body: logout_token is not a logout token of the issuer.');
    }
  }

  /** Whose session it is; null = there is none. */
  async whose({ headers }: FastifyRequest): Promise<Awaited<ReturnType<Sessions['whose']>>> {
    const secret = this.#read(headers.cookie, SESSION);
    return secret === null ? null : this.#parts.sessions.whose(secret);
  }

  /** The value of the session cookie; undefined = the request has none. @throws HoldfastError `cross_site_request` */
  session(request: FastifyRequest): string | undefined {
    const secret = this.#read(request.headers.cookie, SESSION);
    if (secret === null) return undefined;
    this.#refuseForeign(request, false);
    return secret;
  }

  /** That it is one with which requests are let in, and of the same person: else each of them would be refused. */
  async #check({ accessToken, subject }: LoginTokens): Promise<void> {
    try {
      const identity = await this.#parts.verifier.verify(accessToken);
      if (identity.subject !== subject) throw new TokenRefused('it is of another person');
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      const what = `The access token that the issuer gave is not taken here: ${error.reason}.`;
      throw new LoginRefused(
        `${what} Whoever runs Holdfast can look at OIDC_AUDIENCE and at the client at the issuer.`,
        {
          cause: error,
        },
      );
    }
  }

  #refuseForeign({ method, headers }: FastifyRequest, form: boolean): void {
    const why = whyForeign(method, headers, new URL(this.#parts.publicUrl()).origin, form);
    if (why !== null) throw refused('cross_site_request', `The request may come from another site: ${why}.`);
  }

  #begun(value: string | null, state: string): z.output<typeof begunLogin> {
    const begun = value === null ? null : this.#opened(value);
    if (begun === null || begun.state !== state || begun.until <= this.#parts.clock.now())
      throw new LoginRefused('This browser has begun no such login, or too long ago. Log in again.');
    return begun;
  }

  #opened(value: string): z.output<typeof begunLogin> | null {
    try {
      const sealed = sealedLogin.parse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
      return begunLogin.parse(JSON.parse(this.#parts.cipher.open(place, sealed)));
    } catch (error) {
      if (error instanceof SecretUnreadable || error instanceof SyntaxError || error instanceof z.ZodError) return null;
      throw error;
    }
  }

  #callback(): string {
    return `${this.#parts.publicUrl()}/auth/callback`;
  }

  #secure(): boolean {
    return this.#parts.publicUrl().startsWith('https:');
  }

  #read(header: string | undefined, name: string): string | null {
    return cookieOf(header, cookieName(name, this.#secure()));
  }

  #cookie(name: string, value: string, seconds: number | null): string {
    const secure = this.#secure();
    return setCookie(cookieName(name, secure), value, { secure, seconds });
  }
}

const seen = ({ id, ip }: FastifyRequest): SessionRequest => ({ requestId: id, from: ip });

/** One for each login that was begun, so that two tabs may log in at once. */
const loginCookie = (state: string): string => `${LOGIN}_${state.replace(/[^\w-]/g, '').slice(0, 12)}`;
