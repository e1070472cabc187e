import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Compiles what child processes run, without a look at the types. From the sources each process would first spend two
 * seconds on transpiling.
 */
export function buildProduct(): void {
  const build = (...args: readonly string[]): void =>
    void execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  build('node_modules/typescript/bin/tsc', '-b', '--noCheck', 'tests');
  build('packages/driver-temporal/dist/make-workflow-bundle.js');
}

/** What `buildProduct` has made of a program of this folder. */
export const builtProgram = (name: string): string => join(root, 'tests/dist/chaos/harness', `${name}.js`);

/**
 * Vitest's global setup of the suites that start the product often: builds it, and makes an empty PGlite once, to be
 * copied, since making one takes some seconds.
 */
export async function setup(): Promise<() => Promise<void>> {
  buildProduct();
  const folder = await mkdtemp(join(tmpdir(), 'hf-pglite-'));
  const { openDatabase } = await import('@holdfast/adapters/postgres');
  await (await openDatabase(`pglite://${join(folder, 'empty')}`)).close();
  process.env['CHAOS_EMPTY_PGLITE'] = join(folder, 'empty');
  return () => rm(folder, { recursive: true, force: true });
}
