import type { DeviceLogin, DeviceTokens } from '@holdfast/adapters/oidc';
import { Failure } from './failure.ts';
import { changeLogins, type LoginFile, readLogins, type StoredLogin } from './login-file.ts';
import type { Surroundings } from './settings.ts';

/** Before the end of an access token; a quarter of its life when that is less. */
const EARLY_MS = 60_000;

type Client = Pick<StoredLogin, 'issuer' | 'client_id' | 'scope'>;

/** The issuer as the command line sees it. Loaded only here, since every other command starts quicker without it. */
export async function deviceLogin({ env }: Surroundings, { issuer, client_id, scope }: Client): Promise<DeviceLogin> {
  const { DeviceLogin: Device } = await import('@holdfast/adapters/oidc');
  const allowHttp = env['OIDC_ALLOW_HTTP'] === 'true';
  return new Device({ issuer, internalUrl: null, allowHttp, clientId: client_id, scope });
}

export function stored(
  { issuer, client_id, scope }: Client,
  tenant: string | null,
  { accessToken, accessLifeMs, refreshToken }: DeviceTokens,
): StoredLogin {
  const now = Date.now();
  return {
    issuer,
    client_id,
    scope,
    tenant,
    access_token: accessToken,
    refresh_token: refreshToken,
    refresh_at: now + accessLifeMs - Math.min(EARLY_MS, accessLifeMs / 4),
    expires_at: now + accessLifeMs,
  };
}

/** An access token for the server at `url` that is good now: refreshed, and stored, when it ends soon. @throws Failure */
export async function goodToken(surroundings: Surroundings, url: string): Promise<string> {
  const login = readLogins(surroundings).logins[url];
  if (login !== undefined && Date.now() < login.refresh_at) return login.access_token;
  const token = await changeLogins(surroundings, async (now) => {
    const current = now.logins[url];
    if (current === undefined) return { next: null, result: null };
    // Another process has done it.
    if (Date.now() < current.refresh_at) return { next: null, result: current.access_token };
    const fresh = await refreshed(surroundings, current);
    if (fresh === null) return { next: withoutLogin(now, url), result: null };
    return { next: { ...now, logins: { ...now.logins, [url]: fresh } }, result: fresh.access_token };
  });
  if (token === null) throw new Failure(`Your login at ${url} is over: run holdfast login.`);
  return token;
}

/** null: it is over. Where the issuer does not answer, the login goes on as long as its token. */
async function refreshed(surroundings: Surroundings, login: StoredLogin): Promise<StoredLogin | null> {
  const isGood = Date.now() < login.expires_at;
  if (login.refresh_token === null) return isGood ? login : null;
  const { LoginEnded } = await import('@holdfast/core');
  try {
    const device = await deviceLogin(surroundings, login);
    return stored(login, login.tenant, await device.refresh(login.refresh_token));
  } catch (error) {
    if (error instanceof LoginEnded) return null;
    if (isGood) return login;
    throw error;
  }
}

export const withLogin = ({ logins }: LoginFile, url: string, login: StoredLogin): LoginFile => ({
  url,
  logins: { ...logins, [url]: login },
});

export function withoutLogin({ url: last, logins }: LoginFile, url: string): LoginFile {
  const { [url]: _gone, ...others } = logins;
  return { url: last === url ? null : last, logins: others };
}
