import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@holdfast/cli';
import { describeProgram } from '@holdfast/testing/servers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folder, model } from './compose-model.ts';

let deploy: string;
let stack: string;
beforeEach(() => {
  deploy = mkdtempSync(join(tmpdir(), 'holdfast-stack-'));
  stack = join(deploy, 'compose');
  mkdirSync(stack);
  cpSync(join(folder, '../valkey'), join(deploy, 'valkey'), { recursive: true });
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.yaml')))
    cpSync(join(folder, name), join(stack, name));
});
afterEach(() => rmSync(deploy, { recursive: true, force: true }));

const nobody = { tty: false, out: String, err: String, bytes: String, secret: () => Promise.resolve('') };

describeProgram('compose', 'what holdfast stack init writes', (bin) => {
  const init = (...options: readonly string[]): Promise<number> =>
    runCli(['stack', 'init', ...options], { env: {}, cwd: stack, home: stack }, nobody);

  test.each([
    ['--url', 'https://holdfast.example.com'],
    ['--url', 'https://holdfast.example.com', '--edge', 'kong', '--temporal'],
    ['--url', 'http://localhost:8080', '--dev'],
    ['--url', 'http://localhost:8080', '--temporal'],
  ])('is all that Compose needs: %s %s %s %s', async (...options) => {
    expect(await init(...options)).toBe(0);
    // Nothing of this shell: what stands in .env must do.
    const text = execFileSync(bin, ['--profile', '*', 'config', '--format', 'json'], {
      cwd: stack,
      env: {},
      stdio: 'pipe',
    });
    const { services, secrets } = model.parse(JSON.parse(text.toString()));
    expect(Object.keys(services)).toContain('edge');
    for (const { file } of Object.values(secrets)) expect([file, existsSync(file)]).toEqual([file, true]);
    expect(Object.keys(services).includes('temporal')).toBe(options.includes('--temporal'));
  });

  test('has no secret that nobody reads', async () => {
    await init('--url', 'https://holdfast.example.com');
    const files = ['compose.yaml', 'edge.kong.yaml', 'tls.kong.yaml', 'temporal.yaml'].flatMap((file) => ['-f', file]);
    const text = execFileSync(bin, [...files, 'config', '--format', 'json'], { cwd: stack, env: {}, stdio: 'pipe' });
    const read = Object.keys(model.parse(JSON.parse(text.toString())).secrets);
    // What `valkey-acl` and `redis-url` are made from.
    expect(readdirSync(join(stack, 'secrets')).filter((name) => !read.includes(name))).toEqual(['valkey-holdfast']);
  });
});
