import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { database, describePostgres, freePort, type PostgresServer, startPostgres } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, start } from './support/program.ts';

describePostgres('tenants by the command line, on the database itself', ({ bin }) => {
  let postgres: PostgresServer;
  let environment: Record<string, string>;
  const programs: Program[] = [];
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-tenants-'));
    postgres = await startPostgres({ bin });
    environment = { DATABASE_URL: (await database(postgres)).url, DATA_DIR: folder, LOG_LEVEL: 'info' };
  });
  afterAll(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Its output; fails unless it exits with `code`. */
  const holdfast = async (code: number, ...args: string[]): Promise<string> => {
    const program = start('apps/cli/src/main.ts', args, environment);
    expect([args, await program.ended, program.errors()]).toEqual([args, code, expect.any(String)]);
    return program.output();
  };

  test('from the first tenant to the proof that one is gone', async () => {
    await holdfast(0, 'migrate');
    const made = JSON.parse(await holdfast(0, 'tenants', 'create', 'acme', '--slots', '3', '--json')) as {
      id: string;
      api_key: string;
    };
    expect(made.api_key).toMatch(/^hf_/);
    expect(await holdfast(1, 'tenants', 'create', 'acme')).toContain('(tenant_exists)');
    expect(await holdfast(0, 'tenants', 'create', 'other', '--no-key')).not.toContain('hf_');
    expect(await holdfast(0, 'tenants', 'update', 'acme', '--weight', '5')).toContain('weight\t5');
    await holdfast(0, 'tenants', 'suspend', 'acme', '--reason', 'the bill');
    expect(await holdfast(0, 'tenants', 'list')).toMatch(new RegExp(`${made.id}\tacme\t3\t5\tsuspended`));
    await holdfast(0, 'tenants', 'resume', made.id);

    const file = join(folder, 'acme.jsonl');
    expect(await holdfast(0, 'tenants', 'usage')).toMatch(/^acme\t\d+\t\d+\t\d+\t\$/m);
    await holdfast(0, 'tenants', 'export', 'acme', '--output', file);
    expect(await holdfast(0, 'tenants', 'verify-export', file)).toContain(`is whole: tenant ${made.id}`);
    await holdfast(1, 'tenants', 'export', 'acme', '--output', file);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"acme"', '"acne"'));
    expect(await holdfast(1, 'tenants', 'verify-export', file)).toContain('the lines before it were changed');

    expect(await holdfast(2, 'tenants', 'delete', 'acme')).toContain('--yes');
    await holdfast(0, 'tenants', 'delete', 'acme', '--yes');
    expect(await holdfast(1, 'tenants', 'resume', 'acme')).toContain('(tenant_deleting)');
    await holdfast(0, 'tenants', 'keep', 'acme');
    expect(await holdfast(0, 'tenants', 'rests', made.id)).toContain('api_keys\t1');
    await holdfast(0, 'tenants', 'delete', 'acme', '--grace', '1ms', '--yes');
    const worker = start('apps/worker/src/main.ts', [], {
      ...environment,
      METRICS_PORT: String(await freePort()),
    });
    programs.push(worker);
    await worker.saw('the tenant is erased');
    expect(await holdfast(0, 'tenants', 'rests', made.id)).toContain(`No table has a row of ${made.id}.`);
    const audit = await holdfast(0, 'tenants', 'audit');
    expect(audit).toMatch(/^\d+\t\S+\ttenants\.erase\tsystem erasure\t\S+\tdone\t.*"name":"acme"/);
    expect(audit.split('\n').map((line) => line.split('\t')[2])).toEqual(
      expect.arrayContaining(['tenants.create', 'tenants.suspend', 'tenants.resume', 'tenants.delete', 'tenants.keep']),
    );
    expect(await holdfast(1, 'tenants', 'get', 'acme')).toContain('There is no tenant');
  }, 180_000);
});
