import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { database, describePostgres, freePort, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, start } from './support/program.ts';

const cli = 'apps/cli/src/main.ts';
const agent = `
name: scribe
tools: [{ builtin: artifacts.write }]
rehearsal:
  - calls: [{ tool: artifacts_write, args: { name: note.txt, content: "{{input}}" } }]
    repeat: 3
  - say: done
`;

describePostgres('API and two workers as processes', ({ bin }) => {
  let postgres: PostgresServer;
  let environment: Record<string, string>;
  let port: number;
  const programs: Program[] = [];
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-processes-'));
    postgres = await startPostgres({ bin });
    port = await freePort();
    environment = {
      DATABASE_URL: (await database(postgres)).url,
      DATA_DIR: folder,
      PORT: String(port),
      LOG_LEVEL: 'info',
    };
  });
  afterAll(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const holdfast = (...args: string[]): Program => start(cli, args, environment);

  test('init shows the key once; the programs start, run, and drain', async () => {
    const early = start('apps/api/src/main.ts', [], environment);
    expect(await early.ended).toBe(1);
    expect(early.errors()).toContain('(database_not_migrated)');

    const init = holdfast('init', '--tenant', 'acme', '--json');
    expect(await init.ended).toBe(0);
    const { api_key: key } = JSON.parse(init.output()) as { api_key: string };
    const again = holdfast('init', '--tenant', 'acme');
    expect(await again.ended).toBe(1);
    expect(again.errors()).toContain('(tenant_exists)');
    environment = { ...environment, HOLDFAST_URL: `http://127.0.0.1:${port}`, HOLDFAST_API_KEY: key };

    const api = start('apps/api/src/main.ts', [], environment);
    const metricsPort = await freePort();
    const workers = [
      start('apps/worker/src/main.ts', [], { ...environment, METRICS_PORT: String(metricsPort) }),
      start('apps/worker/src/main.ts', [], environment),
    ];
    programs.push(api, ...workers);
    await api.saw('the API listens');
    for (const worker of workers) await worker.saw('the worker has begun');

    const file = join(folder, 'agent.yaml');
    writeFileSync(file, agent);
    expect(await holdfast('publish', file).ended).toBe(0);
    const run = holdfast('run', 'scribe', 'hello');
    expect(await run.ended).toBe(0);
    expect(run.output()).toContain('done');

    expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(200);
    expect(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()).toContain('holdfast_runs_held');

    await postgres.kill();
    const url = `http://127.0.0.1:${port}`;
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    const refused = await fetch(`${url}/v1/runs`, { headers: { authorization: `Bearer ${key}` } });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'database_unavailable' });
    await postgres.restart();
    for (let ready = false; !ready;) ready = (await fetch(`${url}/readyz`)).status === 200;
    expect(await holdfast('run', 'scribe', 'again').ended).toBe(0);

    for (const { child } of programs) child.kill('SIGTERM');
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  }, 120_000);
});
