import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevelopmentProvider } from '@holdfast/adapters/oidc-development';
import { migrate, type OpenDatabase, openDatabase } from '@holdfast/adapters/postgres';
import { parseEnv } from '@holdfast/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, listeningUrl, wireApi } from '../wiring.ts';

let folder: string;
let database: OpenDatabase;
let issuer: DevelopmentProvider;
let api: Api;
let url: string;
const warnings: string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-browser-login-'));
  database = await openDatabase('pglite://memory');
  await migrate(database);
  issuer = await DevelopmentProvider.start({ port: 0, dataDir: folder, warn: (text) => warnings.push(text) });
  const config = parseEnv({ ...issuer.environment, DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'silent' });
  api = await wireApi(config, { database });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  url = listeningUrl(api.app);
  issuer.servesApi(url);
});
afterAll(async () => {
  await api.close();
  await issuer.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
  expect(warnings).toEqual([]);
});

/** Cookies by host and port: browsers have them by host, and ours must not need that. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly set: string[] = [];

  async ask(
    to: string,
    init: { method?: string; form?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    const answer = await fetch(to, {
      method: init.method ?? (init.form === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: { cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '), ...init.headers },
      ...(init.form === undefined ? {} : { body: new URLSearchParams(init.form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      this.set.push(line);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** Through redirects and the page that asks who it is. Stops at the first page of ours. */
  async go(to: string, person: string): Promise<string> {
    let next = to;
    let form: Record<string, string> | undefined;
    for (;;) {
      const answer = await this.ask(next, form === undefined ? {} : { form });
      const location = answer.headers.get('location');
      if (location === null && (next.startsWith(url) || form !== undefined)) return next;
      form = location === null ? { person } : undefined;
      if (location !== null) next = new URL(location, next).href;
    }
  }

  async session(): Promise<{ subject: string } | null> {
    const answer = await this.ask(`${url}/auth/session`);
    return ((await answer.json()) as { session: { subject: string } | null }).session;
  }
}

async function loggedIn(person: string): Promise<Browser> {
  const browser = new Browser();
  await browser.go(`${url}/auth/login`, person);
  return browser;
}

describe('a browser', () => {
  test('is logged in by the issuer, and led back to where it was', async () => {
    const browser = new Browser();
    expect(await browser.session()).toBeNull();
    const there = await browser.go(`${url}/auth/login?return_to=${encodeURIComponent('/auth/session?')}`, 'vera');
    expect(there).toBe(`${url}/auth/session`);
    expect(await browser.session()).toMatchObject({ issuer: issuer.issuer, subject: 'vera' });
    const ours = browser.set.filter((line) => line.startsWith('holdfast_'));
    expect(ours.length).toBeGreaterThanOrEqual(3);
    for (const line of ours) expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/);
    expect([...browser.cookies.keys()].filter((name) => name.startsWith('holdfast_'))).toEqual(['holdfast_session']);
  });

  test.each(['//evil.example', 'https://evil.example', '/\\evil.example', 'runs'])(
    'is never led to %s',
    async (returnTo) => {
      const answer = await fetch(`${url}/auth/login?return_to=${encodeURIComponent(returnTo)}`, { redirect: 'manual' });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('location')).toBeNull();
    },
  );

  test('that has not begun the login cannot end it', async () => {
    const browser = new Browser();
    const begun = await browser.ask(`${url}/auth/login`);
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const victim = await fetch(`${url}/auth/callback?code=x&state=${state}`, { redirect: 'manual' });
    expect(victim.status).toBe(400);
    expect(await victim.json()).toMatchObject({ code: 'login_refused' });
    expect(victim.headers.getSetCookie()).toEqual([]);
  });

  test('is told at once when the issuer gives tokens that are not taken here', async () => {
    const config = { ...issuer.environment, OIDC_AUDIENCE: 'elsewhere', PUBLIC_BASE_URL: url, DATA_DIR: folder };
    const strict = await wireApi(parseEnv({ ...config, LOG_LEVEL: 'silent' }), { database });
    const begun = await strict.app.inject('/auth/login');
    const browser = new Browser();
    const back = new URL(await browser.go(String(begun.headers.location), 'vera'));
    const [cookie = ''] = [begun.headers['set-cookie'] ?? []].flat();
    const ended = await strict.app.inject({
      url: `${back.pathname}${back.search}`,
      headers: { cookie: cookie.split(';')[0] ?? '' },
    });
    expect(ended.statusCode).toBe(400);
    expect(ended.json()).toMatchObject({ code: 'login_refused', detail: expect.stringContaining('claim aud') });
    expect(ended.headers['set-cookie']).toBeUndefined();
    await strict.close();
  });

  test('changes nothing by a cookie alone: another site could send that', async () => {
    const browser = await loggedIn('vera');
    const change = (headers: Record<string, string>) =>
      browser.ask(`${url}/v1/threads`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
    for (const headers of [{}, { origin: url }, { 'x-holdfast-csrf': '1', origin: 'https://evil.example' }]) {
      const answer = await change(headers);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'cross_site_request']);
    }
    expect((await (await change({ 'x-holdfast-csrf': '1', origin: url })).json()) as object).not.toMatchObject({
      code: 'cross_site_request',
    });
  });

  test('may do what its person may do with a token, in the tenant that it chooses', async () => {
    const [vera, toni, norman] = [await loggedIn('vera'), await loggedIn('toni'), await loggedIn('norman')];
    const get = async (browser: Browser, path: string, headers: Record<string, string> = {}) => {
      const answer = await browser.ask(`${url}${path}`, { headers });
      const { code = null, items = null } = (await answer.json()) as { code?: string; items?: unknown[] };
      return [answer.status, code ?? items?.length];
    };
    expect(await get(vera, '/v1/agents')).toEqual([200, 0]);
    expect(await get(vera, '/v1/members')).toEqual([403, 'forbidden']);
    expect(await get(toni, '/v1/agents')).toEqual([400, 'tenant_required']);
    expect(await get(toni, '/v1/members', { 'holdfast-tenant': 'demo' })).toEqual([403, 'forbidden']);
    expect(await get(toni, '/v1/members', { 'holdfast-tenant': 'annex' })).toEqual([200, 1]);
    expect(await get(toni, '/t/annex/v1/members')).toEqual([200, 1]);
    expect(await get(vera, '/t/annex/v1/agents')).toEqual([403, 'tenant_forbidden']);
    expect(await get(norman, '/v1/agents')).toEqual([403, 'tenant_forbidden']);
    const made = await toni.ask(`${url}/t/annex/v1/threads`, {
      method: 'POST',
      headers: { 'x-holdfast-csrf': '1', origin: url },
    });
    expect(made.status).toBe(201);
  });

  test('is shut out of a suspended tenant, and where an admin has disabled its person', async () => {
    const [vera, ada, toni] = [await loggedIn('vera'), await loggedIn('ada'), await loggedIn('toni')];
    const asked = async (browser: Browser, path: string) => {
      const answer = await browser.ask(`${url}${path}`);
      return ((await answer.json()) as { code?: string }).code ?? answer.status;
    };
    expect(await asked(vera, '/v1/runs')).toBe(200);
    const members = (await (await ada.ask(`${url}/v1/members`)).json()) as { items: { id: string; subject: string }[] };
    const id = members.items.find(({ subject }) => subject === 'vera')?.id ?? '';
    const set = (disabled: boolean) =>
      fetch(`${url}/v1/members/${id}`, {
        method: 'PUT',
        headers: {
          cookie: [...ada.cookies].map((pair) => pair.join('=')).join('; '),
          'x-holdfast-csrf': '1',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ roles: [], disabled }),
      });
    expect((await set(true)).status).toBe(200);
    expect(await asked(vera, '/v1/runs')).toBe('member_disabled');
    await set(false);
    expect(await asked(vera, '/v1/runs')).toBe(200);
    expect(await asked(toni, '/t/annex/v1/runs')).toBe(200);
    const suspended = (at: number | null) =>
      database.connections.lend((sql) =>
        sql.query(`update holdfast.tenants set suspended_at = $1 where name = 'annex'`, [at]),
      );
    await suspended(1);
    expect(await asked(toni, '/t/annex/v1/runs')).toBe('tenant_suspended');
    expect(await asked(toni, '/t/demo/v1/runs')).toBe(200);
    await suspended(null);
  });

  test('hears the events of a run until it is logged out, however long its tokens live', async () => {
    const browser = await loggedIn('bella');
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const post = async (path: string, body: object): Promise<{ id: string }> => {
      const headers = { cookie, 'x-holdfast-csrf': '1', 'content-type': 'application/json' };
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as { id: string };
    };
    await post('/v1/agents', { name: 'waiter', rehearsal: [{ say: 'done' }] });
    const { id } = await post('/v1/runs', { agent: 'waiter' });
    const stream = await fetch(`${url}/v1/runs/${id}/events`, { headers: { cookie, accept: 'text/event-stream' } });
    expect(stream.status).toBe(200);
    const heard = stream.text();
    await browser.ask(`${url}/auth/logout`, { form: {}, headers: { origin: url } });
    // Nobody works on the run: nothing else ends the stream.
    expect(await heard).toContain('event: ');
  }, 15_000);

  test('is logged out here and at the issuer, by a form of ours alone', async () => {
    const browser = await loggedIn('oscar');
    const foreign = await browser.ask(`${url}/auth/logout`, { form: {}, headers: { origin: 'https://evil.example' } });
    expect(foreign.status).toBe(403);
    expect(await browser.session()).toMatchObject({ subject: 'oscar' });
    const answer = await browser.ask(`${url}/auth/logout`, { form: {}, headers: { origin: url } });
    expect(answer.status).toBe(303);
    const away = new URL(answer.headers.get('location') ?? '');
    expect(away.origin).toBe(issuer.issuer);
    expect(away.searchParams.get('post_logout_redirect_uri')).toBe(`${url}/signed-out`);
    expect(away.searchParams.get('id_token_hint')).toMatch(/^ey/);
    expect(await browser.session()).toBeNull();
    expect([...browser.cookies.keys()]).not.toContain('holdfast_session');
    const page = await (await browser.ask(away.href)).text();
    const [, action = '', xsrf = ''] =
      /action="([^"]+)"[^>]*><input type="hidden" name="xsrf" value="([^"]+)"/.exec(page) ?? [];
    const done = await browser.ask(action, { form: { xsrf, logout: 'yes' } });
    expect(done.headers.get('location')).toBe(`${url}/signed-out`);
    expect(await (await browser.ask(`${url}/signed-out`)).text()).toContain('You are logged out');
  });

  test('is logged out when the issuer ends its login, wherever that was done', async () => {
    const [browser, other] = [await loggedIn('bella'), await loggedIn('vera')];
    const page = await (await browser.ask(`${issuer.issuer}/session/end`)).text();
    const [, action = '', xsrf = ''] =
      /action="([^"]+)"[^>]*><input type="hidden" name="xsrf" value="([^"]+)"/.exec(page) ?? [];
    await browser.ask(action, { form: { xsrf, logout: 'yes' } });
    await vi.waitFor(async () => expect(await browser.session()).toBeNull(), { timeout: 10_000 });
    expect(await other.session()).toMatchObject({ subject: 'vera' });
  });

  test('a logout that the issuer has not signed ends nothing', async () => {
    const browser = await loggedIn('vera');
    const answer = await fetch(`${url}/auth/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: 'eyJhbGciOiJub25lIn0.e30.' }),
    });
    expect(answer.status).toBe(400);
    expect(await browser.session()).not.toBeNull();
  });
});
