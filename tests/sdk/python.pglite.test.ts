import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeProgram } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from '../e2e/support/server.ts';

const run = promisify(execFile);
const document = fileURLToPath(new URL('../../docs/reference/openapi.json', import.meta.url));
const guide = fileURLToPath(new URL('../../docs/guides/sdk.md', import.meta.url));
const greet = fileURLToPath(new URL('python/greet.py', import.meta.url));
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

  test('starts a run, waits for it, reads its events; and so does the program of the guide', async () => {
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

    const program = readFileSync(greet, 'utf8');
    expect(readFileSync(guide, 'utf8'), 'docs/guides/sdk.md').toContain(`\`\`\`python\n${program}\`\`\``);
    const parrot = { name: 'parrot', model: { name: 'rehearsal' }, rehearsal: [{ say: 'You said: {{input}}' }] };
    await server.ask(key, 'POST', '/v1/agents', parrot);
    const greeted = await run(join(bin, 'python'), [greet], {
      env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1', HOLDFAST_URL: server.url, HOLDFAST_API_KEY: key },
      timeout: 60_000,
    });
    expect(greeted.stdout).toBe('You said: hello\n');
  });
});
