import { randomUUID } from 'node:crypto';
import { Holdfast } from '@holdfast/sdk';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn } from '../../identity/support/keycloak-sign-in.ts';
import type { Stack } from '../harness/start-stack.ts';
import { machineToken } from '../support/machine-token.ts';

/** Temporal's own pages at the edge: who sees them, and what they are kept from. */
export function temporalPagesSuite(stack: () => Stack, chromiumBin: string): void {
  describe("Temporal's pages at the edge", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: chromiumBin, args: ['--no-sandbox'] });
    });
    afterAll(() => browser.close());

    const newPage = async (): Promise<Page> => (await browser.newContext()).newPage();
    const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${stack().edge}${path}`, { redirect: 'manual', ...init });
    const bearing = (text: string): RequestInit => ({ headers: { authorization: `Bearer ${text}` } });

    test('whoever runs the platform logs in, comes back to the page they wanted, and sees the run there', async () => {
      const { edge, key } = stack();
      const client = new Holdfast({ url: edge, key, validate: true });
      const agent = `speaker-${randomUUID().slice(0, 8)}`;
      await client.agents.publish({ name: agent, model: { name: 'rehearsal' }, rehearsal: [{ say: 'done' }] });
      const { id } = await client.runs.start({ agent });
      await client.runs.result(id);

      const page = await newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(
        `${edge}/temporal/namespaces/default/workflows?query=${encodeURIComponent(`WorkflowId="${id}"`)}`,
      );
      expect(page.url().startsWith(`${edge}/realms/holdfast/`)).toBe(true);
      await signIn(page, 'root-operator');
      await page.waitForURL(`${edge}/temporal/namespaces/default/workflows?query=*`);
      await page.getByRole('link', { name: id }).first().click();
      await page.waitForURL(`${edge}/temporal/namespaces/default/workflows/${id}/**`);
      await page.getByText('carryRun').first().waitFor();
      // Of the run and of its activity: what these pages ask for by themselves has come, too.
      await page
        .getByText(/^completed$/i)
        .first()
        .waitFor();
      await page.getByText('advance').first().waitFor();
      expect([...new Set(asked.map((url) => new URL(url).origin))]).toEqual([edge]);
      // Their own cookie would be one of our whole address.
      expect((await page.context().cookies()).map(({ name }) => name)).not.toContain('_csrf');
      // Who looked stands in the platform's log.
      expect(await page.evaluate(`fetch('/v1/platform/audit?limit=50').then((answer) => answer.text())`)).toContain(
        '"engine.read"',
      );
    });

    test('a member of a tenant is told that it takes a platform admin', async () => {
      const { edge } = stack();
      const page = await newPage();
      await page.goto(`${edge}/temporal/`);
      await signIn(page, 'carol');
      await page.waitForURL(`${edge}/temporal/`);
      expect(await page.textContent('body')).toContain('engine.read takes the token of a platform admin');
    });

    test('programs are told what they lack, and nothing is changed by anybody', async () => {
      const { edge, key } = stack();
      const settings = '/temporal/api/v1/settings';
      const nobody = await ask(settings);
      expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      for (const text of [key, await machineToken(edge)]) expect((await ask(settings, bearing(text))).status).toBe(403);
      expect((await ask('/temporal/', bearing('nonsense'))).status).toBe(401);
      for (const method of ['POST', 'PUT', 'DELETE'])
        expect([method, (await ask(settings, { method })).status]).toEqual([method, 404]);
      // Nor does a path lead elsewhere, or to a page that shows what somebody has written into a link.
      for (const path of ['/temporalx/', '/auth/verify/engine', '/temporal/temporal/render?content=<b>'])
        expect([path, (await ask(path)).status]).toEqual([path, 404]);
    });
  });
}
