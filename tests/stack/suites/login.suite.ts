import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from '@holdfast/sdk';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHoldfast } from '../../identity/support/holdfast-cli.ts';
import { signIn } from '../../identity/support/keycloak-sign-in.ts';
import type { Stack } from '../harness/start-stack.ts';
import { machineToken } from '../support/machine-token.ts';

/** People and programs come in by Keycloak, and all that they see of it is behind the edge. */
export function loginSuite(stack: () => Stack, chromiumBin: string): void {
  describe('logging in through the edge', () => {
    let browser: Browser;
    let home: string;
    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'holdfast-stack-login-'));
      browser = await chromium.launch({ executablePath: chromiumBin, args: ['--no-sandbox'] });
    });
    afterAll(async () => {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    });

    /** Pages of Holdfast allow no scripts of theirs, so those that a test runs go past that. */
    const newPage = async (): Promise<Page> => (await browser.newContext({ bypassCSP: true })).newPage();
    const ask = (page: Page, path: string): Promise<{ status: number; body: Record<string, unknown> }> =>
      page.evaluate(
        `fetch(${JSON.stringify(path)}).then(async (answer) => ({ status: answer.status, body: await answer.json() }))`,
      );
    const submit = (page: Page, path: string): Promise<unknown> =>
      page.evaluate(
        `(() => { const form = document.createElement('form'); form.method = 'post'; form.action = '${path}'; document.body.append(form); form.submit(); })()`,
      );

    test('a browser comes in by code and PKCE, and out again; it meets no address but the edge', async () => {
      const { edge } = stack();
      const page = await newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(`${edge}/auth/login?return_to=/auth/session`);
      const authorization = new URL(asked.find((url) => url.includes('code_challenge=')) ?? 'none:');
      expect(authorization.origin + authorization.pathname).toBe(
        `${edge}/realms/holdfast/protocol/openid-connect/auth`,
      );
      expect(Object.fromEntries(authorization.searchParams)).toMatchObject({
        response_type: 'code',
        code_challenge_method: 'S256',
        redirect_uri: `${edge}/auth/callback`,
      });
      await signIn(page, 'alice');
      await page.waitForURL(`${edge}/auth/session`);
      expect(await ask(page, '/v1/me')).toMatchObject({ status: 200, body: { by: { type: 'person' } } });

      await submit(page, '/auth/logout');
      await page.waitForURL(`${edge}/signed-out`);
      expect((await ask(page, '/v1/me')).status).toBe(401);
      // At the issuer, too.
      await page.goto(`${edge}/auth/login`);
      await page.locator('#username').waitFor();
      expect([...new Set(asked.map((url) => new URL(url).origin))]).toEqual([edge]);
    });

    test('the command line comes in by a code that a browser confirms', async () => {
      const { edge, tenant } = stack();
      const surroundings = { home, env: { HOLDFAST_URL: edge, HOLDFAST_TENANT: tenant } };
      const login = startHoldfast(['login'], surroundings);
      const [, address = ''] = await login.said(/Open (http\S+) in a browser/);
      expect(address.startsWith(`${edge}/realms/holdfast/`)).toBe(true);
      const page = await newPage();
      await page.goto(address);
      await signIn(page, 'carol');
      await page.click('[name=accept]');
      expect(await login.ended).toMatchObject({ code: 0 });
      const said = await startHoldfast(['whoami'], surroundings).ended;
      expect(said).toMatchObject({ code: 0, out: expect.stringContaining('admin') });
      expect(await startHoldfast(['logout'], surroundings).ended).toMatchObject({ code: 0 });
    });

    test('a program comes in by client credentials, as a service', async () => {
      const { edge } = stack();
      const client = new Holdfast({ url: edge, key: () => machineToken(edge), validate: true });
      expect((await client.server.me()).by).toMatchObject({ type: 'service', roles: ['operator', 'viewer'] });
    });
  });
}
