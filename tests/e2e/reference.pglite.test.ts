import { existsSync } from 'node:fs';
import { errorCodes } from '@holdfast/contracts';
import { chromium, type ConsoleMessage } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from './support/server.ts';

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

let server: TestServer;
beforeAll(async () => {
  server = await startServer('pglite://memory', { worker: false });
});
afterAll(() => server.close());

test('the OpenAPI document is served to everybody', async () => {
  const { status, json } = await server.ask(null, 'GET', '/openapi.json');
  expect(status).toBe(200);
  expect(json).toMatchObject({ openapi: '3.1.0' });
});

test.each(['/reference', '/reference/style.css', '/errors/run_ended'])(
  '%s lets nothing load from outside',
  async (path) => {
    const { status, headers, text } = await server.ask(null, 'GET', path);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'self'/);
    expect(text).not.toMatch(/https?:\/\//);
  },
);

test('every code has its page, where the `type` of a problem leads', async () => {
  for (const code of Object.keys(errorCodes)) {
    const { status, text } = await server.ask(null, 'GET', `/errors/${code}`);
    expect(status).toBe(200);
    expect(text).toContain(`<code>${code}</code>`);
    expect(text).toContain('<h2>What to do</h2>');
  }
  const problem = await server.ask(null, 'GET', '/v1/runs');
  expect((await server.ask(null, 'GET', String(problem.json['type']))).status).toBe(200);
  expect(await server.ask(null, 'GET', '/errors/nothing')).toMatchObject({
    status: 404,
    json: { code: 'route_not_found' },
  });
});

describe.skipIf(browserPath === undefined)('in a browser', () => {
  test('the reference asks nothing outside and reports no error', async () => {
    const browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      page.on('requestfailed', (request) => complaints.push(request.url()));
      page.on('console', (message: ConsoleMessage) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${server.url}/reference`, { waitUntil: 'networkidle' });
      await page.getByRole('link', { name: 'Start a run' }).click();
      expect(await page.locator('[id="runs.start"] h3').textContent()).toBe('Start a run');
      const picture = process.env['HOLDFAST_SCREENSHOT'];
      if (picture !== undefined) await page.screenshot({ path: picture });
      expect([...new Set(asked.map((url) => new URL(url).origin))]).toEqual([server.url]);
      expect(asked).toContain(`${server.url}/reference/style.css`);
      expect(complaints).toEqual([]);
      // The style is in force: the navigation stands beside the text.
      expect(await page.evaluate("getComputedStyle(document.querySelector('nav')).position")).toBe('sticky');
    } finally {
      await browser.close();
    }
  });
});
