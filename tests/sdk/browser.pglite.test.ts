import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { describeProgram, freePort } from '@holdfast/testing/servers';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { cases, type Surroundings } from './client/cases.ts';

/** The client and its suite as one file for browsers; it does not build when anything of Node is imported. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('client/page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    conditions: ['holdfast-source', 'browser'],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('nothing was built');
  return file.text;
}

describeProgram('chromium', 'the client in a browser page of another origin', (bin) => {
  let server: TestServer | undefined;
  let pages: Server | undefined;
  let browser: Browser | undefined;
  let page: Page;
  let surroundings: Surroundings;

  beforeAll(async () => {
    const script = await bundle();
    const served = createServer((request, response) => {
      const isScript = request.url === '/suite.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><title>suite</title>');
    });
    pages = served;
    await new Promise<void>((resolve) => served.listen(0, '127.0.0.1', resolve));
    const address = served.address();
    if (address === null || typeof address === 'string') throw new Error('the pages are not served');
    const origin = `http://127.0.0.1:${address.port}`;
    const started = await startServer('pglite://memory', { environment: { CORS_ORIGINS: origin } });
    server = started;
    const { key } = await started.tenant('sdk');
    surroundings = { url: started.url, key, deadUrl: `http://127.0.0.1:${await freePort()}` };
    browser = await chromium.launch({ executablePath: bin, args: ['--no-sandbox'] });
    page = await browser.newPage();
    await page.goto(origin);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await server?.close();
  });

  test.each(cases)('$name', async ({ name }) => {
    const outcome = await page.evaluate(
      `import('/suite.js').then(({ runCase }) => runCase(${JSON.stringify(name)}, ${JSON.stringify(surroundings)}))`,
    );
    expect(outcome).toBeNull();
  });
});
