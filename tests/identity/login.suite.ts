import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProgram } from '@holdfast/testing/servers';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { holdfast, type Ran, startHoldfast } from './support/holdfast-cli.ts';

/** An issuer, with what a test needs to do as one of its people or as its operator. Names of people are its own. */
export interface LoginIssuer {
  /** OIDC_* for Holdfast: all that is changed from one issuer to the next. */
  readonly environment: Readonly<Record<string, string>>;
  readonly people: {
    /** A viewer of `tenants[0]`. */
    readonly one: string;
    /** In both tenants: a member of the first, who may not administer the second, or the other way round. */
    readonly two: string;
    /** In some tenant; is disabled on the way. */
    readonly leaver: string;
    readonly nobody: string;
  };
  readonly tenants: readonly [string, string];
  /** A client with client credentials, an operator of `tenants[0]`. */
  readonly machine: { readonly id: string; readonly secret: string; readonly scope: string };
  /** Of access tokens. */
  readonly lifeSeconds: number;
  /** Told where Holdfast is: people are sent back there alone. */
  servesApi(url: string): Promise<void>;
  /** What `sub` says. */
  subject(person: string): Promise<string>;
  /** From its first page on, until it sends the browser away. */
  signIn(page: Page, person: string): Promise<void>;
  /** Whether the page asks who it is. */
  asksWho(page: Page): Promise<boolean>;
  /** From the address that a device shows, until the device is let in. */
  letDeviceIn(page: Page, person: string): Promise<void>;
  /** Ends the person's login there, without Holdfast. */
  endLogin(page: Page, person: string): Promise<void>;
  disable(person: string): Promise<void>;
  /** From now on another key signs. */
  rotateKeys(): Promise<void>;
}

/** Logins of people and machines, by whatever issuer: nothing here knows which it is. */
export function describeLogin(name: string, issuer: () => LoginIssuer): void {
  describeProgram('chromium', `login at ${name}`, (bin) => {
    let server: TestServer;
    let browser: Browser;
    let foreign: Server;
    let foreignUrl: string;
    let home: string;
    let url: string;
    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'holdfast-login-'));
      server = await startServer('pglite://memory', {
        worker: false,
        environment: { ...issuer().environment, OIDC_PROVISION: 'on' },
      });
      url = server.url;
      await issuer().servesApi(url);
      browser = await chromium.launch({ executablePath: bin, args: ['--no-sandbox'] });
      foreign = createServer((_request, response) => {
        response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title>');
      });
      await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
      const address = foreign.address();
      if (address === null || typeof address === 'string') throw new Error('the other site is not served');
      foreignUrl = `http://127.0.0.1:${address.port}`;
    }, 300_000);
    afterAll(async () => {
      await browser.close();
      foreign.close();
      await server.close();
      rmSync(home, { recursive: true, force: true });
    });

    const contexts: BrowserContext[] = [];
    /** A person's own browser. Pages of Holdfast allow no scripts of theirs, so those that a test runs go past that. */
    async function newBrowser(): Promise<BrowserContext> {
      const context = await browser.newContext({ bypassCSP: true });
      contexts.push(context);
      return context;
    }

    async function loggedIn(person: string, place = '/signed-out'): Promise<Page> {
      const page = await (await newBrowser()).newPage();
      await page.goto(`${url}/auth/login?return_to=${place}`);
      await issuer().signIn(page, person);
      await page.waitForURL(`${url}${place}`);
      return page;
    }

    interface Said {
      readonly status: number;
      readonly body: Record<string, unknown>;
    }
    /** As a script of the page asks. */
    const ask = (page: Page, path: string, init: object = {}): Promise<Said> =>
      page.evaluate(
        `fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(async (answer) => ({ status: answer.status, body: await answer.json() }))`,
      );
    const session = async (page: Page) =>
      (await ask(page, '/auth/session')).body['session'] as { subject: string } | null;
    /** How often the sessions of a person were refreshed. */
    async function refreshes(person: string): Promise<number> {
      const subject = await issuer().subject(person);
      const [row] = await server.database.connections.lend((sql) =>
        sql.query<{ n: number }>(
          'select coalesce(max(version), 0)::integer - 1 as n from holdfast.sessions where subject = $1',
          [subject],
        ),
      );
      return row?.n ?? -1;
    }
    const within = { timeout: 60_000, interval: 250 };
    const change = { method: 'POST', headers: { 'x-holdfast-csrf': '1' } };

    test('a browser is led to the issuer and back: code, PKCE, state and nonce; no token reaches a page', async () => {
      const page = await (await newBrowser()).newPage();
      const seen: string[] = [];
      page.on('request', (request) => seen.push(request.url()));
      page.on('response', (answer) => {
        const { 'set-cookie': _unseen, ...headers } = answer.headers();
        if (answer.url().startsWith(url)) seen.push(JSON.stringify(headers));
      });
      await page.goto(`${url}/auth/login?return_to=/signed-out`);
      const authorization = new URL(seen.find((to) => /^http.*code_challenge=/.test(to)) ?? '');
      expect(authorization.href.startsWith(new URL(issuer().environment['OIDC_ISSUER'] ?? '').origin)).toBe(true);
      expect(Object.fromEntries(authorization.searchParams)).toMatchObject({
        response_type: 'code',
        code_challenge_method: 'S256',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        state: expect.stringMatching(/^[\w-]{20,}$/),
        nonce: expect.stringMatching(/^[\w-]{20,}$/),
      });
      await issuer().signIn(page, issuer().people.one);
      await page.waitForURL(`${url}/signed-out`);
      expect(await session(page)).toMatchObject({ subject: await issuer().subject(issuer().people.one) });

      const ours = (await page.context().cookies(url)).filter((cookie) => cookie.name.startsWith('holdfast_'));
      expect(ours.map(({ name: called, httpOnly, sameSite }) => [called, httpOnly, sameSite])).toEqual([
        ['holdfast_session', true, 'Lax'],
      ]);
      // What scripts of the page can see: cookies, storage, every address and header, the answers about the login.
      const visible = await page.evaluate(
        'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, performance.getEntries()])',
      );
      const answers = [
        await ask(page, '/auth/session'),
        await ask(page, '/v1/me'),
        await ask(page, '/v1/login-options'),
      ];
      const everything = [visible, ...seen, JSON.stringify(answers)].join('\n');
      expect(everything).not.toMatch(/eyJ[\w-]{10,}\.[\w-]{10,}/);
      expect(everything).not.toContain(ours[0]?.value ?? '-');
      expect(visible).not.toContain('holdfast_');
    });

    test('a page of this server may do what its person may; one of another site, even on this host, changes nothing', async () => {
      const page = await loggedIn(issuer().people.two);
      const inFirst = { ...change, headers: { ...change.headers, 'holdfast-tenant': issuer().tenants[0] } };
      const threads = async () =>
        ((await ask(page, `/t/${issuer().tenants[0]}/v1/threads`)).body['items'] as unknown[]).length;
      expect(await threads()).toBe(0);
      expect((await ask(page, '/v1/threads', inFirst)).status).toBe(201);
      const bare = await ask(page, `/t/${issuer().tenants[0]}/v1/threads`, { method: 'POST' });
      expect([bare.status, bare.body['code']]).toEqual([403, 'cross_site_request']);

      const other = await page.context().newPage();
      await other.goto(foreignUrl);
      const answers: Promise<unknown>[] = [];
      other.on('response', (answer) => {
        if (answer.url().includes('/v1/threads')) answers.push(Promise.resolve(answer.status()));
      });
      const to = `${url}/t/${issuer().tenants[0]}/v1/threads`;
      const bareToo = `fetch('${to}', { method: 'POST', mode: 'no-cors', credentials: 'include' })`;
      // Done or not, it may not even know.
      await expect(other.evaluate(bareToo)).rejects.toThrow('Failed to fetch');
      const withHeader = `fetch('${to}', { method: 'POST', credentials: 'include', headers: { 'x-holdfast-csrf': '1' } })`;
      await expect(other.evaluate(withHeader)).rejects.toThrow('Failed to fetch');
      await other.evaluate(
        `(() => { const form = document.createElement('form'); form.method = 'post'; form.action = '${to}'; document.body.append(form); form.submit(); })()`,
      );
      await other.waitForURL(to);
      expect((await Promise.all(answers)).every((status) => status === 403)).toBe(true);
      expect(answers.length).toBeGreaterThanOrEqual(1);
      const out = await ask(page, '/auth/session');
      await other.goto(foreignUrl);
      await other.evaluate(
        `(() => { const form = document.createElement('form'); form.method = 'post'; form.action = '${url}/auth/logout'; document.body.append(form); form.submit(); })()`,
      );
      await other.waitForURL(`${url}/auth/logout`);
      expect(await ask(page, '/auth/session')).toEqual(out);
      expect(await threads()).toBe(1);
    });

    test('a person in several tenants chooses one of theirs, by header or path', async () => {
      const [first, second] = issuer().tenants;
      const page = await loggedIn(issuer().people.two);
      const required = await ask(page, '/v1/me');
      expect(required).toMatchObject({ status: 400, body: { code: 'tenant_required' } });
      const me = async (path: string, headers = {}) => (await ask(page, path, { headers })).body;
      const inFirst = await me(`/t/${first}/v1/me`);
      const inSecond = await me('/v1/me', { 'holdfast-tenant': second });
      expect(inFirst['tenant']).not.toBe(inSecond['tenant']);
      const rolesOf = (said: Record<string, unknown>) => (said['by'] as { roles: string[] }).roles;
      expect(rolesOf(inFirst)).not.toEqual(rolesOf(inSecond));
      expect(await me('/t/elsewhere/v1/me')).toMatchObject({ code: 'tenant_forbidden' });
      const only = await loggedIn(issuer().people.one);
      expect((await ask(only, '/v1/me')).body).toMatchObject({ tenant: inFirst['tenant'], by: { roles: ['viewer'] } });
      expect((await ask(only, `/t/${second}/v1/me`)).body).toMatchObject({ code: 'tenant_forbidden' });
      const none = await loggedIn(issuer().people.nobody);
      expect((await ask(none, '/v1/me')).body).toMatchObject({ code: 'tenant_forbidden' });
    });

    test('a login for one tenant is good there alone', async () => {
      const [first, second] = issuer().tenants;
      const page = await (await newBrowser()).newPage();
      await page.goto(`${url}/auth/login?tenant=${second}&return_to=/signed-out`);
      await issuer().signIn(page, issuer().people.two);
      await page.waitForURL(`${url}/signed-out`);
      const me = await ask(page, '/v1/me');
      expect(me.status).toBe(200);
      expect((await ask(page, `/t/${second}/v1/me`)).body).toEqual(me.body);
      expect((await ask(page, `/t/${first}/v1/me`)).body).toMatchObject({ code: 'tenant_forbidden' });
    });

    test('a session outlives its tokens, and new keys of the issuer, without a request that fails', async () => {
      const person = issuer().people.one;
      const page = await loggedIn(person);
      const statuses = new Set<number>();
      const refreshed = (times: number) =>
        vi.waitFor(async () => {
          const asked = await Promise.all(Array.from({ length: 4 }, () => ask(page, '/v1/me')));
          for (const { status } of asked) statuses.add(status);
          expect(await refreshes(person)).toBeGreaterThanOrEqual(times);
        }, within);
      await refreshed(1);
      await issuer().rotateKeys();
      await refreshed(3);
      const late = await loggedIn(person);
      statuses.add((await ask(late, '/v1/me')).status);
      expect([...statuses]).toEqual([200]);
    });

    test('a logout ends the session here and the login at the issuer', async () => {
      const page = await loggedIn(issuer().people.one, '/auth/session');
      await page.evaluate(
        `(() => { const form = document.createElement('form'); form.method = 'post'; form.action = '/auth/logout'; document.body.append(form); form.submit(); })()`,
      );
      await page.waitForURL(`${url}/signed-out`);
      expect(await session(page)).toBeNull();
      expect((await ask(page, '/v1/me')).status).toBe(401);
      await page.goto(`${url}/auth/login`);
      expect(await issuer().asksWho(page)).toBe(true);
    });

    test('a login that ends at the issuer ends the sessions here', async () => {
      const [page, other] = [await loggedIn(issuer().people.two), await loggedIn(issuer().people.one)];
      const there = await page.context().newPage();
      await issuer().endLogin(there, issuer().people.two);
      await vi.waitFor(async () => expect(await session(page)).toBeNull(), within);
      expect(await session(other)).not.toBeNull();
    });

    const environment = (): Record<string, string> => ({ HOLDFAST_URL: url });
    const cli = (...args: string[]): Promise<Ran> => holdfast(args, { home, env: environment() });

    test('the command line logs in through a browser elsewhere, goes on by itself, and logs out', async () => {
      const running = startHoldfast(['login'], { home, env: environment() });
      const [, page_] = await running.said(/Open (http\S+) in a browser/);
      const page = await (await newBrowser()).newPage();
      await page.goto(page_ ?? '');
      await issuer().letDeviceIn(page, issuer().people.one);
      const done = await running.ended;
      expect(done).toMatchObject({ code: 0 });
      expect(done.out).toContain('viewer');
      const file = join(home, '.config', 'holdfast', 'login.json');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const token = (): string => readFileSync(file, 'utf8').match(/"access_token": "([^"]+)"/)?.[1] ?? '';
      const first = token();
      expect(first).toMatch(/^eyJ/);
      // Several at once, when the token is due: one of them refreshes it.
      await vi.waitFor(async () => {
        const ran = await Promise.all([cli('whoami'), cli('runs', 'list'), cli('whoami')]);
        expect(ran.map(({ code, err }) => [code, err])).toEqual([
          [0, ''],
          [0, ''],
          [0, ''],
        ]);
        expect(token()).not.toBe(first);
      }, within);
      expect(await cli('logout')).toMatchObject({ code: 0, out: `You are logged out at ${url}.\n` });
      expect(await cli('whoami')).toMatchObject({ code: 1, err: expect.stringContaining('holdfast login') });
      expect(readFileSync(file, 'utf8')).not.toContain('eyJ');
    });

    test('a machine comes in by client credentials, as a service', async () => {
      const { id, secret, scope } = issuer().machine;
      const metadata = await fetch(`${issuer().environment['OIDC_ISSUER'] ?? ''}/.well-known/openid-configuration`);
      const { token_endpoint: endpoint } = (await metadata.json()) as { token_endpoint: string };
      const granted = await fetch(endpoint, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      });
      const { access_token: token } = (await granted.json()) as { access_token: string };
      expect((await server.ask(token, 'GET', '/v1/me')).json).toMatchObject({
        by: { type: 'service', roles: ['operator', 'viewer'] },
      });
      expect((await server.ask(token, 'POST', '/v1/threads', {})).status).toBe(201);
      expect((await server.ask(token, 'GET', '/v1/members')).status).toBe(403);
    });

    test('a person who is disabled at the issuer is out when their access token ends, in the browser and at the command line', async () => {
      const person = issuer().people.leaver;
      const page = await loggedIn(person);
      const running = startHoldfast(['login'], { home, env: environment() });
      const [, device] = await running.said(/Open (http\S+) in a browser/);
      const other = await (await newBrowser()).newPage();
      await other.goto(device ?? '');
      await issuer().letDeviceIn(other, person);
      expect((await running.ended).code).toBe(0);
      expect((await ask(page, '/v1/me')).status).toBe(200);
      await issuer().disable(person);
      const since = performance.now();
      await vi.waitFor(async () => expect((await ask(page, '/v1/me')).status).toBe(401), within);
      const seconds = (performance.now() - since) / 1_000;
      await vi.waitFor(
        async () => expect(await cli('whoami')).toMatchObject({ code: 1, err: expect.stringContaining('is over') }),
        within,
      );
      // oxlint-disable-next-line eslint/no-console
      console.info(
        `${name}: a disabled person was out after ${seconds.toFixed(1)} s, with tokens of ${issuer().lifeSeconds} s`,
      );
      expect(seconds).toBeLessThan(issuer().lifeSeconds + 5);
      await page.goto(`${url}/auth/login`);
      expect(page.url().startsWith(url)).toBe(false);
    });
  });
}
