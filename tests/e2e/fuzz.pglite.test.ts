import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scribe, startServer, type TestServer } from './support/server.ts';

const fuzzer = fileURLToPath(new URL('../../.servers/schemathesis/bin/schemathesis', import.meta.url));
const SEED = '7';

/** Needs Schemathesis: `bash scripts/servers.sh install`. */
describe.skipIf(!existsSync(fuzzer))('requests made up from the OpenAPI document', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer('pglite://memory');
  });
  afterAll(() => server.close());

  test('never meet a 5xx, nor an answer of which the document says nothing', async () => {
    const { key } = await server.tenant('mine');
    await server.ask(key, 'POST', '/v1/agents', scribe('scribe', 1));
    const checks = [
      'not_a_server_error',
      'status_code_conformance',
      'content_type_conformance',
      'response_schema_conformance',
    ];
    const { stdout } = await promisify(execFile)(
      fuzzer,
      [
        'run',
        `${server.url}/openapi.json`,
        `--header=Authorization: Bearer ${key}`,
        `--seed=${SEED}`,
        '--max-examples=15',
        `--checks=${checks.join(',')}`,
        '--continue-on-failure',
        // A stream lasts as long as its run.
        '--exclude-path-regex=events$',
      ],
      { cwd: tmpdir(), maxBuffer: 64 * 1024 * 1024, timeout: 240_000 },
    ).catch((error: { stdout: string }) => error);
    const [figures = ''] = /\d+ generated[^\n]*/.exec(stdout) ?? [];
    // oxlint-disable-next-line eslint/no-console
    console.info(`Schemathesis, seed ${SEED}: ${figures}`);
    expect(figures, stdout).toMatch(/^(\d+) generated, \1 passed$/);
  }, 300_000);
});
