/** What a login, or a refresh, has brought. */
export interface LoginTokens {
  readonly issuer: string;
  readonly subject: string;
  /** The session at the issuer; null = it does not say. */
  readonly sid: string | null;
  readonly accessToken: string;
  /** ms from when it was given */
  readonly accessLifeMs: number;
  /** null = none: the login ends with its access token. */
  readonly refreshToken: string | null;
  /** ms; null = the issuer does not say. */
  readonly refreshLifeMs: number | null;
  /** Says at logout whose login ends; null = none. */
  readonly idToken: string | null;
}

/** What must be remembered until the person comes back. */
export interface LoginBegun {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Logs people in at the OIDC issuer. Every method throws `IssuerUnavailable` when it does not answer. */
export interface LoginProvider {
  /** `tenant`: asks for this one alone, where the issuer has such logins; null = for all of the person. */
  begin(redirectUri: string, tenant: string | null): Promise<LoginBegun>;
  /** `callback`: the whole address to which the person was sent back. @throws LoginRefused */
  finish(callback: URL, begun: Omit<LoginBegun, 'url'>): Promise<LoginTokens>;
  /** @throws LoginEnded */
  refresh(before: LoginTokens): Promise<LoginTokens>;
  /** Where the browser ends the login at the issuer; null = the issuer has no such address. */
  logoutUrl(idToken: string | null, returnTo: string): Promise<string | null>;
  /** What a logout token of the issuer ends: at least one is not null. @throws TokenRefused */
  endedBy(
    logoutToken: string,
  ): Promise<{ readonly issuer: string; readonly sid: string | null; readonly subject: string | null }>;
}

/** The issuer did not let the person in, or what came back is not what was asked for. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

/** The issuer gives no more tokens for this login. */
export class LoginEnded extends Error {
  override readonly name = 'LoginEnded';
}
