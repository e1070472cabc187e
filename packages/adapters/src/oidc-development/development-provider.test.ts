import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@holdfast/testing/servers';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DevelopmentProvider } from './development-provider.ts';
import { whyNoDevelopmentLogin } from './may-start.ts';
import { NOTICE } from './pages.ts';

const SCOPE = 'openid profile email organization:*';
const callback = 'http://127.0.0.1:7070/auth/callback';

let dataDir: string;
let provider: DevelopmentProvider;
let warnings: string[];
const start = async (port: number): Promise<void> => {
  provider = await DevelopmentProvider.start({ port, dataDir, warn: (text) => warnings.push(text) });
  provider.servesApi('http://127.0.0.1:7070');
};
beforeEach(async () => {
  warnings = [];
  dataDir = mkdtempSync(join(tmpdir(), 'holdfast-login-'));
  // One that no outgoing connection takes while the provider is down.
  await start(await freePort());
});
afterEach(async () => {
  await provider.close();
  rmSync(dataDir, { recursive: true, force: true });
  expect(warnings).toEqual([]);
});

const configured = (clientId: string, secret?: string): Promise<oidc.Configuration> =>
  oidc.discovery(new URL(provider.issuer), clientId, secret, secret === undefined ? oidc.None() : undefined, {
    execute: [oidc.allowInsecureRequests],
  });

/** A browser: cookies, and redirects up to an address that is not the provider's. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async go(url: string, form?: Record<string, string>): Promise<{ url: string; text: string }> {
    let next = { url, form };
    for (;;) {
      if (!next.url.startsWith(provider.issuer)) return { url: next.url, text: '' };
      const answer = await fetch(next.url, {
        method: next.form === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(next.form === undefined ? {} : { body: new URLSearchParams(next.form) }),
      });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') this.#cookies.delete(name);
        else this.#cookies.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) return { url: next.url, text: await answer.text() };
      next = { url: new URL(location, next.url).href, form: undefined };
    }
  }
}

async function login(person: string, browser = new Browser()) {
  const config = await configured(provider.clientId, provider.clientSecret);
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedNonce = oidc.randomNonce();
  const asked = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: SCOPE,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const page = await browser.go(asked.href);
  expect(page.text).toContain(NOTICE);
  const back = await browser.go(page.url, { person });
  if (!back.url.startsWith(callback)) throw new Error(back.text);
  return {
    config,
    tokens: await oidc.authorizationCodeGrant(config, new URL(back.url), { pkceCodeVerifier, expectedNonce }),
  };
}

describe('the development provider', () => {
  it('gives access tokens that say who it is and what they may do, as Keycloak does', async () => {
    const { tokens } = await login('toni');
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(tokens.access_token, keys, {
      issuer: provider.issuer,
      audience: 'holdfast',
      typ: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toMatchObject({
      sub: 'toni',
      azp: 'holdfast',
      name: 'Toni Twotenants',
      organization: {
        demo: { resource_access: { holdfast: { roles: ['builder'] } } },
        annex: { resource_access: { holdfast: { roles: ['admin'] } } },
      },
    });
    expect(payload['sid']).toBe(tokens.claims()?.['sid']);
    expect(tokens.expires_in).toBe(300);
  });

  it('knows the platform admin, and people in no tenant', async () => {
    expect(decodeJwt((await login('petra')).tokens.access_token)).toMatchObject({
      realm_access: { roles: ['platform-admin'] },
    });
    expect(decodeJwt((await login('norman')).tokens.access_token)).not.toHaveProperty('organization');
  });

  it('keeps its keys and what it has granted through a restart, in files of its owner', async () => {
    const { tokens } = await login('vera');
    const { port } = new URL(provider.issuer);
    await provider.close();
    await start(Number(port));
    // Connections to the one before may still stand in reserve.
    const config = await vi.waitFor(() => configured(provider.clientId, provider.clientSecret), { timeout: 10_000 });
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(decodeJwt(fresh.access_token).sub).toBe('vera');
    await jwtVerify(tokens.access_token, createRemoteJWKSet(new URL(`${provider.issuer}/jwks`)));
    for (const file of ['development-login.keys.json', 'development-login.records.json']) {
      expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(dataDir, file), 'utf8')).not.toBe('');
    }
  });

  it('takes a refresh token once: a second use ends the login', async () => {
    const { config, tokens } = await login('vera');
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(fresh.refresh_token).not.toBe(tokens.refresh_token);
    const ended = { error: 'invalid_grant' };
    await expect(oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject(ended);
    await expect(oidc.refreshTokenGrant(config, fresh.refresh_token ?? '')).rejects.toMatchObject(ended);
  });

  it('gives a disabled person nothing', async () => {
    const browser = new Browser();
    const { config, tokens } = await login('vera', browser);
    provider.setDisabled('vera', true);
    await expect(login('vera', browser)).rejects.toThrow('vera cannot log in.');
    await expect(oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(login('vera')).rejects.toThrow('vera cannot log in.');
  });

  it('signs with a new key, and goes on showing the old one', async () => {
    const { tokens } = await login('vera');
    await provider.rotateKeys();
    const { tokens: later } = await login('oscar');
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    const kids = [];
    for (const token of [tokens, later]) kids.push((await jwtVerify(token.access_token, keys)).protectedHeader.kid);
    expect(new Set(kids).size).toBe(2);
  });

  it('lets a device in when somebody says so, and not when they say no', async () => {
    const config = await configured(provider.cliClientId);
    for (const consent of [true, false]) {
      const device = await oidc.initiateDeviceAuthorization(config, { scope: `${SCOPE} offline_access` });
      const browser = new Browser();
      const confirm = await browser.go(device.verification_uri_complete ?? '');
      expect(confirm.text).toContain('<script');
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(confirm.text)?.[1] ?? '';
      const typed = await browser.go(`${provider.issuer}/device`, { xsrf, user_code: device.user_code });
      expect(typed.text).toContain(device.user_code);
      const fields = { xsrf, user_code: device.user_code, confirm: 'yes' };
      const who = await browser.go(`${provider.issuer}/device`, consent ? fields : { ...fields, abort: 'yes' });
      const polled = oidc.pollDeviceAuthorizationGrant(config, { ...device, interval: 0.01 });
      if (!consent) {
        await expect(polled).rejects.toMatchObject({ error: 'access_denied' });
        continue;
      }
      const done = await browser.go(who.url, { person: 'oscar' });
      expect(done.text).toContain('You are logged in');
      expect(decodeJwt((await polled).access_token)).toMatchObject({ sub: 'oscar', azp: 'holdfast-cli' });
    }
  });

  it('gives machines tokens of their own', async () => {
    const config = await configured('holdfast-machine', provider.clientSecret);
    const { access_token } = await oidc.clientCredentialsGrant(config, { scope: 'organization:demo' });
    expect(decodeJwt(access_token)).toMatchObject({
      aud: 'holdfast',
      organization: { demo: { resource_access: { holdfast: { roles: ['operator'] } } } },
    });
  });

  it('answers under its own address alone', async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${provider.issuer}/`, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });
});

it.each([
  [{}, null],
  [{ host: 'localhost' }, null],
  [{ host: '::1' }, null],
  [{ publicBaseUrl: 'http://127.0.0.1:7070' }, null],
  [{ host: '0.0.0.0' }, 'HOST is 0.0.0.0, which others can reach'],
  [{ host: '127.evil.example' }, 'HOST is 127.evil.example, which others can reach'],
  [{ host: '192.168.1.5' }, 'HOST is 192.168.1.5, which others can reach'],
  [{ publicBaseUrl: 'https://h.example' }, 'PUBLIC_BASE_URL is https://h.example, which others can reach'],
  [{ nodeEnv: 'production' }, 'NODE_ENV is production'],
])('there is none where others could use it: %j', (place, why) => {
  expect(whyNoDevelopmentLogin({ host: '127.0.0.1', publicBaseUrl: null, nodeEnv: undefined, ...place })).toBe(why);
});
