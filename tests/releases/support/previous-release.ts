import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { commit } = z
  .object({ commit: z.string().regex(/^[0-9a-f]{40}$/) })
  .parse(JSON.parse(readFileSync(new URL('../previous.json', import.meta.url), 'utf8')));

export interface PreviousRelease {
  readonly folder: string;
  remove(): void;
}

/** Whether its commit is here; a clone without history gets it from where it was cloned. */
export function hasPreviousRelease(): boolean {
  const known = () => spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root }).status === 0;
  if (known()) return true;
  spawnSync('git', ['fetch', '--depth=1', 'origin', commit], { cwd: root });
  if (known()) return true;
  if (process.env['HOLDFAST_REQUIRE_SERVERS'] === '1')
    throw new Error(`The commit ${commit} of tests/releases/previous.json is not here, and origin does not have it.`);
  return false;
}

/** A file of the release before. */
export const previousFile = (path: string): string =>
  execFileSync('git', ['show', `${commit}:${path}`], { cwd: root, encoding: 'utf8' });

/** The sources of the release before, with what they depend on: ours, unless it has had others. */
export function checkOut(): PreviousRelease {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-previous-'));
  const archive = execFileSync('git', ['archive', '--format=tar', commit], { cwd: root, maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  if (sameDependencies(folder)) linkDependencies(folder);
  else execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const lock = z.object({ packages: z.record(z.string(), z.looseObject({ version: z.string().optional() })) });

/** Whether each package that it has is here in the same version. */
function sameDependencies(folder: string): boolean {
  const read = (at: string) => lock.parse(JSON.parse(readFileSync(join(at, 'package-lock.json'), 'utf8'))).packages;
  const ours = read(root);
  return Object.entries(read(folder)).every(
    ([path, { version }]) => !path.includes('node_modules/') || ours[path]?.version === version,
  );
}

/** The packages of the workspace lead into its own folder, all others to ours. */
function linkDependencies(folder: string): void {
  const into = join(folder, 'node_modules');
  mkdirSync(join(into, '@holdfast'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@holdfast') symlinkSync(join(root, 'node_modules', name), join(into, name));
  for (const kind of ['packages', 'apps'])
    for (const name of readdirSync(join(folder, kind)))
      symlinkSync(join(folder, kind, name), join(into, '@holdfast', name));
  symlinkSync(join(folder, 'tests'), join(into, '@holdfast', 'tests'));
  for (const nested of ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(folder, kind)).map((name) => join(kind, name, 'node_modules')),
  )) {
    const ours = join(root, nested);
    if (readdirSync(dirname(ours)).includes('node_modules')) symlinkSync(ours, join(folder, nested));
  }
}
