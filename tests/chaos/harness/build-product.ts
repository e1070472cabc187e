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
function buildProduct(): void {
  const build = (...args: readonly string[]): void =>
    void execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  build('node_modules/typescript/bin/tsc', '-b', '--noCheck', 'tests');
  build('packages/driver-temporal/dist/make-workflow-bundle.js');
}

/** `setup` has done it: Vitest's workers get the environment of its process. */
let isBuilt = process.env['CHAOS_EMPTY_PGLITE'] !== undefined;

/** A program of this folder, compiled. */
export function builtProgram(name: string): string {
  if (!isBuilt) buildProduct();
  isBuilt = true;
  return join(root, 'tests/dist/chaos/harness', `${name}.js`);
}

/**
 * Vitest's global setup of the projects whose suites start the product: builds it, and makes an empty PGlite once, to be
 * copied, since making one takes some seconds.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Another project's setup has done it.
  if (process.env['CHAOS_EMPTY_PGLITE'] !== undefined) return undefined;
  buildProduct();
  const folder = await mkdtemp(join(tmpdir(), 'hf-pglite-'));
  const { openDatabase } = await import('@holdfast/adapters/postgres');
  await (await openDatabase(`pglite://${join(folder, 'empty')}`)).close();
  process.env['CHAOS_EMPTY_PGLITE'] = join(folder, 'empty');
  return () => rm(folder, { recursive: true, force: true });
}
