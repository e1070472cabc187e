import { IssuerUnavailable, LoginEnded, LoginRefused } from '@holdfast/core';
import * as oidc from 'openid-client';
import { clientOf, isAway, messageOf } from './client.ts';
import { Issuer, type IssuerAddress } from './issuer.ts';

export interface DeviceLoginOptions extends IssuerAddress {
  /** A public client. */
  readonly clientId: string;
  readonly scope: string;
}

export interface DeviceTokens {
  readonly accessToken: string;
  /** ms from when it was given */
  readonly accessLifeMs: number;
  /** null = none: the login ends with its access token. */
  readonly refreshToken: string | null;
}

/** Asked of a person, somewhere where there is a browser. */
export interface DeviceQuestion {
  readonly url: string;
  /** The address with the code in it; null = it must be typed. */
  readonly urlWithCode: string | null;
  readonly code: string;
  /** Until the person has answered. @throws LoginRefused when they said no, or took too long; IssuerUnavailable. */
  readonly answered: () => Promise<DeviceTokens>;
}

/** Outlives the login of the browser, where the issuer has such logins. */
const OFFLINE = 'offline_access';

/** Logs in where there is no browser: the device authorization grant (RFC 8628). */
export class DeviceLogin {
  readonly #issuer: Issuer;
  readonly #options: DeviceLoginOptions;

  constructor(options: DeviceLoginOptions) {
    this.#options = options;
    this.#issuer = new Issuer(options);
  }

  /** @throws LoginRefused, IssuerUnavailable. */
  async begin(): Promise<DeviceQuestion> {
    const config = await this.#client();
    const { scopes_supported: known = [] } = config.serverMetadata();
    const scope = `${this.#options.scope}${known.includes(OFFLINE) ? ` ${OFFLINE}` : ''}`;
    const asked = await this.#asking(() => oidc.initiateDeviceAuthorization(config, { scope }), LoginRefused);
    return {
      url: asked.verification_uri,
      urlWithCode: asked.verification_uri_complete ?? null,
      code: asked.user_code,
      answered: async () =>
        tokensOf(await this.#asking(() => oidc.pollDeviceAuthorizationGrant(config, asked), LoginRefused), null),
    };
  }

  /** A refresh token is good once. @throws LoginEnded, IssuerUnavailable. */
  async refresh(refreshToken: string): Promise<DeviceTokens> {
    const config = await this.#client();
    return tokensOf(await this.#asking(() => oidc.refreshTokenGrant(config, refreshToken), LoginEnded), refreshToken);
  }

  /** Ends the login at the issuer, where it can be ended by its token. @throws IssuerUnavailable */
  async end(refreshToken: string): Promise<void> {
    const config = await this.#client();
    if (config.serverMetadata().revocation_endpoint === undefined) return;
    await this.#asking(() => oidc.tokenRevocation(config, refreshToken), LoginEnded);
  }

  #client(): Promise<oidc.Configuration> {
    return clientOf(this.#issuer, this.#options.clientId, null);
  }

  async #asking<T>(ask: () => Promise<T>, Refusal: typeof LoginRefused | typeof LoginEnded): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error;
      const { issuer } = this.#options;
      if (isAway(error))
        throw new IssuerUnavailable(`The issuer ${issuer} does not answer: ${messageOf(error)}`, { cause: error });
      throw new Refusal(messageOf(error), { cause: error });
    }
  }
}

const tokensOf = (answer: oidc.TokenEndpointResponse, before: string | null): DeviceTokens => ({
  accessToken: answer.access_token,
  accessLifeMs: (answer.expires_in ?? 300) * 1_000,
  refreshToken: answer.refresh_token ?? before,
});
