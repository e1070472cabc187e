import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import {
  IssuerUnavailable,
  LoginEnded,
  type LoginProvider,
  LoginRefused,
  type LoginTokens,
  Sessions,
  TokenRefused,
} from '@holdfast/core';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DevelopmentProvider } from '../oidc-development/index.ts';
import { migrate, type OpenDatabase, openDatabase } from '../postgres/index.ts';
import { LocalCipher } from '../secrets/index.ts';
import { OpenIdLogin } from './openid-login.ts';

const API = 'http://127.0.0.1:7070';
const hour = 3_600_000;

let folder: string;
let database: OpenDatabase;
let issuer: DevelopmentProvider;
let cipher: LocalCipher;
let login: OpenIdLogin;
let now: number;
const warnings: string[] = [];
const log = { info: () => undefined, warn: () => undefined };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-sessions-'));
  cipher = new LocalCipher(join(folder, 'secrets.key'));
  database = await openDatabase('pglite://memory');
  await migrate(database);
  issuer = await DevelopmentProvider.start({ port: 0, dataDir: folder, warn: (text) => warnings.push(text) });
  issuer.servesApi(API);
  login = new OpenIdLogin({
    log,
    issuer: issuer.issuer,
    internalUrl: null,
    allowHttp: false,
    clientId: issuer.clientId,
    clientSecret: issuer.clientSecret,
    scope: 'openid profile email organization:*',
  });
});
afterAll(async () => {
  expect(warnings).toEqual([]);
  await issuer.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  now = Date.now();
});

/** The sessions of one process. */
const processOf = async (provider: LoginProvider): Promise<Sessions> =>
  new Sessions({
    store: (await database.api()).sessions,
    audit: (await database.api()).platformAudit,
    cipher,
    provider,
    clock: { now: () => now, monotonic: () => now },
    log: { info: quiet, warn: quiet, error: quiet },
    newSecret: () => randomBytes(32).toString('base64url'),
  });
/** The newest of the platform's audit. */
const lines = async (most: number): Promise<[string, unknown][]> =>
  (await (await database.api()).platformAudit.list(null, most)).map(({ operation, line }) => [
    operation,
    JSON.parse(line),
  ]);
const quiet = (): void => undefined;
const request = { requestId: 'r-1', from: '192.0.2.1' };

/** As a browser does it, up to the address to which the person is sent back. */
async function back(person: string, url: string): Promise<URL> {
  const cookies = new Map<string, string>();
  const go = async (to: string, form?: Record<string, string>): Promise<Response> => {
    const answer = await fetch(to, {
      redirect: 'manual',
      method: form === undefined ? 'GET' : 'POST',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
  let to = url;
  let form: Record<string, string> | undefined;
  while (!to.startsWith(API)) {
    const answer = await go(to, form);
    const location = answer.headers.get('location');
    // The page that asks who it is leads nowhere by itself.
    form = location === null ? { person } : undefined;
    if (location !== null) to = new URL(location, to).href;
  }
  return new URL(to);
}

async function loggedIn(person: string): Promise<LoginTokens> {
  const begun = await login.begin(`${API}/auth/callback`, null);
  return login.finish(await back(person, begun.url), begun);
}

describe('a login', () => {
  test('gives the tokens of the person', async () => {
    const tokens = await loggedIn('vera');
    expect(tokens).toMatchObject({ issuer: issuer.issuer, subject: 'vera', accessLifeMs: 300_000 });
    expect(decodeJwt(tokens.accessToken)).toMatchObject({ sub: 'vera', sid: tokens.sid });
    expect(await login.logoutUrl(tokens.idToken, `${API}/signed-out`)).toContain('id_token_hint=');
  });

  test.each(['state', 'nonce', 'verifier'] as const)('with another %s is refused', async (part) => {
    const begun = await login.begin(`${API}/auth/callback`, null);
    const callback = await back('vera', begun.url);
    const other = { ...begun, [part]: 'x'.repeat(43) };
    await expect(login.finish(callback, other)).rejects.toBeInstanceOf(LoginRefused);
  });

  test('counts once: the same address a second time is refused', async () => {
    const begun = await login.begin(`${API}/auth/callback`, null);
    const callback = await back('vera', begun.url);
    await login.finish(callback, begun);
    await expect(login.finish(callback, begun)).rejects.toBeInstanceOf(LoginRefused);
  });

  test('at an issuer that does not answer is no refusal', async () => {
    const nobody = new OpenIdLogin({
      log,
      issuer: 'http://127.0.0.1:1',
      internalUrl: null,
      allowHttp: false,
      clientId: 'x',
      clientSecret: null,
      scope: 'openid',
    });
    await expect(nobody.begin(API, null)).rejects.toBeInstanceOf(IssuerUnavailable);
  });

  test('reaches the issuer at its inside address, and sends people to the public one', async () => {
    const { port } = new URL(issuer.issuer);
    const behind = new OpenIdLogin({
      log,
      issuer: issuer.issuer,
      internalUrl: `http://127.0.0.1:${port}`,
      allowHttp: false,
      clientId: issuer.clientId,
      clientSecret: issuer.clientSecret,
      scope: 'openid',
    });
    expect((await behind.begin(API, null)).url.startsWith(`${issuer.issuer}/auth`)).toBe(true);
  });
});

describe('a session', () => {
  test('has its tokens sealed, under the hash of its cookie', async () => {
    const sessions = await processOf(login);
    const tokens = await loggedIn('vera');
    const cookie = await sessions.open(tokens, request);
    expect(await sessions.accessToken(cookie)).toBe(tokens.accessToken);
    const rows = await database.connections.lend((sql) => sql.query('select * from holdfast.sessions'));
    const kept = JSON.stringify(rows);
    for (const secret of [cookie, tokens.accessToken, tokens.refreshToken ?? '-', tokens.idToken ?? '-'])
      expect(kept).not.toContain(secret);
    expect(await sessions.accessToken('another')).toBeNull();
  });

  test('is refreshed before its token ends, while the old one is still used', async () => {
    const sessions = await processOf(login);
    const tokens = await loggedIn('vera');
    const cookie = await sessions.open(tokens, request);
    now += 241_000;
    expect(await sessions.accessToken(cookie)).toBe(tokens.accessToken);
    await vi.waitFor(async () => expect(await sessions.accessToken(cookie)).not.toBe(tokens.accessToken), {
      timeout: 10_000,
    });
  });

  test('is refreshed once, however many requests and processes need it', async () => {
    let refreshes = 0;
    const counting: LoginProvider = {
      begin: (uri, tenant) => login.begin(uri, tenant),
      finish: (url, begun) => login.finish(url, begun),
      logoutUrl: (token, to) => login.logoutUrl(token, to),
      endedBy: (token) => login.endedBy(token),
      refresh: (before) => {
        refreshes += 1;
        return login.refresh(before);
      },
    };
    const [one, two] = [await processOf(counting), await processOf(counting)];
    const cookie = await one.open(await loggedIn('oscar'), request);
    for (let round = 1; round <= 3; round += 1) {
      now += 301_000;
      const tokens = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).accessToken(cookie)),
      );
      expect(new Set(tokens).size).toBe(1);
      expect(tokens[0]).not.toBeNull();
      expect(refreshes).toBe(round);
    }
  });

  test('of a disabled person is over when the token ends', async () => {
    const sessions = await processOf(login);
    const cookie = await sessions.open(await loggedIn('bella'), request);
    issuer.setDisabled('bella', true);
    try {
      expect(await sessions.accessToken(cookie)).not.toBeNull();
      now += 301_000;
      expect(await sessions.accessToken(cookie)).toBeNull();
      expect(await (await database.api()).sessions.endAll(issuer.issuer, null, 'bella')).toEqual([]);
      expect(await lines(1)).toMatchObject([
        ['logins.close', { by: { id: 'bella' }, detail: { by: 'a refused refresh' } }],
      ]);
    } finally {
      issuer.setDisabled('bella', false);
    }
  });

  test('goes on while the issuer is away, until its token ends; then it waits, and is not lost', async () => {
    let away = true;
    const flaky = await processOf({
      begin: (uri, tenant) => login.begin(uri, tenant),
      finish: (url, begun) => login.finish(url, begun),
      logoutUrl: (token, to) => login.logoutUrl(token, to),
      endedBy: (token) => login.endedBy(token),
      refresh: (before) => (away ? Promise.reject(new IssuerUnavailable('away')) : login.refresh(before)),
    });
    const tokens = await loggedIn('ada');
    const cookie = await flaky.open(tokens, request);
    now += 250_000;
    expect(await flaky.accessToken(cookie)).toBe(tokens.accessToken);
    now += 60_000;
    await expect(flaky.accessToken(cookie)).rejects.toBeInstanceOf(IssuerUnavailable);
    away = false;
    expect(await flaky.accessToken(cookie)).toMatch(/^ey/);
  });

  test('ends by logout, and with it the tokens of the browser', async () => {
    const sessions = await processOf(login);
    const tokens = await loggedIn('vera');
    const cookie = await sessions.open(tokens, request);
    expect(await sessions.end(cookie, request)).toEqual({ idToken: tokens.idToken });
    expect(await sessions.end(cookie, request)).toBeNull();
    expect(await sessions.accessToken(cookie)).toBeNull();
    const said = { by: { type: 'person', id: 'vera' }, requestId: 'r-1', tenant: null };
    expect(await lines(2)).toMatchObject([
      ['logins.close', { ...said, detail: { issuer: issuer.issuer, from: '192.0.2.1', by: 'the person' } }],
      ['logins.open', { ...said, detail: { issuer: issuer.issuer, from: '192.0.2.1' } }],
    ]);
  });

  test('that is over is deleted by the sweep, and no other', async () => {
    const { sessions: store } = await database.api();
    const sessions = await processOf(login);
    const kept = await sessions.open(await loggedIn('vera'), request);
    now -= 8 * 24 * hour;
    const over = await sessions.open(await loggedIn('vera'), request);
    now += 8 * 24 * hour;
    expect(await sessions.accessToken(over)).toBeNull();
    const { housekeep } = await database.worker('sweep');
    expect(await housekeep()).toBe(1);
    expect(await sessions.accessToken(kept)).not.toBeNull();
    await store.endAll(issuer.issuer, null, 'vera');
  });

  test('whose sealing key is gone costs a login and nothing else', async () => {
    const sessions = await processOf(login);
    const cookie = await sessions.open(await loggedIn('vera'), request);
    const elsewhere = new Sessions({
      store: (await database.api()).sessions,
      audit: (await database.api()).platformAudit,
      cipher: new LocalCipher(join(folder, 'other.key')),
      provider: login,
      clock: { now: () => now, monotonic: () => now },
      log: { info: quiet, warn: quiet, error: quiet },
      newSecret: () => 'x',
    });
    expect(await elsewhere.accessToken(cookie)).toBeNull();
  });
});

describe('a back-channel logout', () => {
  test('ends the session that it names, or all of a person', async () => {
    const { sessions: store } = await database.api();
    const sessions = await processOf(login);
    const logins = [await loggedIn('toni'), await loggedIn('toni'), await loggedIn('petra')];
    const cookies: string[] = [];
    for (const tokens of logins) cookies.push(await sessions.open(tokens, request));
    const open = async () => Promise.all(cookies.map(async (cookie) => (await sessions.accessToken(cookie)) !== null));
    expect(await store.endAll(issuer.issuer, logins[0]?.sid ?? '-', null)).toEqual(['toni']);
    expect(await open()).toEqual([false, true, true]);
    expect(await store.endAll('https://another.example', null, 'toni')).toEqual([]);
    expect(await store.endAll(issuer.issuer, null, null)).toEqual([]);
    expect(await store.endAll(issuer.issuer, null, 'toni')).toEqual(['toni']);
    expect(await open()).toEqual([false, false, true]);
  });

  test('that the issuer has not signed is refused, and so is any other token of it', async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const forged = await new SignJWT({
      sub: 'vera',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'x', jwk: await exportJWK(privateKey) })
      .setIssuer(issuer.issuer)
      .setAudience(issuer.clientId)
      .setIssuedAt()
      .setJti('j')
      .sign(privateKey);
    const { idToken, accessToken } = await loggedIn('vera');
    for (const token of [forged, idToken ?? '', accessToken, 'x', ''])
      await expect(login.endedBy(token)).rejects.toBeInstanceOf(TokenRefused);
  });
});

test('a login that is over is told apart from an issuer that is away', async () => {
  const tokens = await loggedIn('vera');
  await login.refresh(tokens);
  await expect(login.refresh(tokens)).rejects.toBeInstanceOf(LoginEnded);
});
