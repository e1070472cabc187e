import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeProgram } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from '../e2e/support/server.ts';

const run = promisify(execFile);
const document = fileURLToPath(new URL('../../docs/reference/openapi.json', import.meta.url));
const smoke = fileURLToPath(new URL('python/smoke.py', import.meta.url));

describeProgram('python-client', 'a Python client that is generated from the OpenAPI document', (bin) => {
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-python-'));
    server = await startServer('pglite://memory');
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  });

  test('starts a run, waits for it, reads its events', async () => {
    const made = join(folder, 'holdfast_client');
    const generator = join(bin, 'openapi-python-client');
    await run(generator, ['generate', '--path', document, '--meta', 'none', '--output-path', made], {
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder },
    });
    const { key } = await server.tenant('python');
    await server.ask(key, 'POST', '/v1/agents', scribe('pythonic', 2));
    const { stdout } = await run(join(bin, 'python'), [smoke, server.url, key, 'pythonic', made], {
      env: { HOME: folder, PYTHONDONTWRITEBYTECODE: '1' },
      timeout: 60_000,
    });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded' });
  });
});
