import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { faultsOf } from './faults.ts';
import type { UnpackedImage } from './layers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const linesOf = (text: string): string[] =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));

describe('the Dockerfile', () => {
  const lines = linesOf(read('deploy/image/Dockerfile'));
  const of = (word: string): string[] => lines.filter((line) => line.startsWith(`${word} `));

  test('builds on an image that variables name, with a slot for its digest, and on nothing else', () => {
    const stages = of('FROM').map((line) => / AS (\w+)$/.exec(line)?.[1]);
    const bases = of('FROM').map((line) => line.split(' ')[1] ?? '');
    for (const base of bases)
      expect(['${NODE_IMAGE}${NODE_DIGEST}', 'scratch', ...stages].includes(base), `FROM ${base}`).toBe(true);
    expect(bases.at(-1)).toBe('scratch');
    expect(of('ARG')).toContain('ARG NODE_DIGEST=');
  });

  test('fetches nothing but by npm, by the lockfile, without install scripts, and what npm reads is in no layer', () => {
    expect(of('ADD')).toEqual([]);
    expect(lines.filter((line) => /curl|wget|git clone|apt-get|npm (install|i) |npx /.test(line))).toEqual([]);
    const installs = of('RUN').filter((line) => line.includes('npm '));
    expect(installs).toHaveLength(2);
    for (const line of installs) {
      expect(line).toMatch(/npm ci .*--ignore-scripts/);
      expect(line).toContain('--mount=type=secret,id=npmrc,target=/root/.npmrc');
      expect(line).toContain('--mount=type=cache,target=/root/.npm');
    }
    expect(read('deploy/image/Dockerfile')).not.toMatch(/^#\s*syntax=/m);
  });

  test('runs as a user by number, with a health check and without a shell around the program', () => {
    expect(of('USER')).toEqual(['USER 1000:1000']);
    expect(of('HEALTHCHECK')[0]).toContain('CMD ["node", "/app/health.mjs"]');
    expect(of('ENTRYPOINT')[0]).toMatch(/^ENTRYPOINT \["node", .*"\/app\/entry\.mjs"\]$/);
  });

  test('copies every part of the workspace that runs, and lists no other', () => {
    const script = read('deploy/image/copy-production.sh');
    const parts = ['packages', 'apps'].flatMap((kind) =>
      readdirSync(join(root, kind)).map((name) => `${kind}/${name}`),
    );
    for (const part of parts) {
      const copied = new RegExp(`${part}[\\s;]`).test(script);
      expect(copied, part).toBe(part !== 'packages/testing');
    }
  });
});

describe('.dockerignore', () => {
  test('lets in what it names, and of that nothing that was built, installed or is secret', () => {
    const lines = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    const named = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    for (const path of named)
      expect(statSync(join(root, path)).isFile() || statSync(join(root, path)).isDirectory()).toBe(true);
    for (const wanted of ['**/node_modules', '**/dist', '**/.env', '**/.env.*', '**/.holdfast'])
      expect(lines).toContain(wanted);
    // A name let in after it was kept out would come in.
    const kept = lines.findLastIndex((line) => line.startsWith('!'));
    expect(lines.slice(1, kept + 1).every((line) => line.startsWith('!'))).toBe(true);
    const sources = linesOf(read('deploy/image/Dockerfile'))
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/ +/).slice(1, -1));
    for (const source of sources)
      expect(
        named.some((path) => source === path || source.startsWith(`${path}/`)),
        `${source} is let in`,
      ).toBe(true);
  });
});

describe('the entry', () => {
  test.each([['nonsense'], ['constructor'], []])('refuses a word that it does not know: %s', (...words) => {
    const entry = join(root, 'deploy/image/entry.mjs');
    const { status, stderr } = spawnSync(process.execPath, [entry, ...words], { encoding: 'utf8' });
    expect(stderr).toContain(
      `no program '${words[0] ?? ''}'. Start it with one of: api, worker, standalone, migrate, holdfast`,
    );
    expect(status).toBe(2);
  });
});

describe('the scan of an image', () => {
  const at = join(root, 'deploy/image/Dockerfile');
  const image = (path: string, more: { mode?: number; user?: string; configText?: string } = {}): UnpackedImage => ({
    layers: [
      {
        digest: 'sha256:0',
        bytes: 0,
        packedBytes: 0,
        files: [{ path, at, mode: more.mode ?? 0o100644, uid: 0, isFile: true }],
      },
    ],
    config: { config: { User: more.user ?? '1000:1000', Healthcheck: { Test: ['CMD', 'node'] } } },
    configText: more.configText ?? '{}',
  });

  test('finds nothing in a plain file', () => {
    expect(faultsOf(image('/app/entry.mjs'), [])).toEqual([]);
  });

  test.each([
    ['/root/.npmrc'],
    ['/app/.env'],
    ['/app/.env.production'],
    ['/etc/ssl/private/server.key'],
    ['/root/.npm/_cacache/index-v5/00'],
    ['/var/cache/apt/pkgcache.bin'],
    ['/usr/local/bin/npm'],
    ['/app/node_modules/vitest/package.json'],
    ['/app/packages/core/dist/run/handle.test.js'],
    ['/app/.git/config'],
    ['/usr/.wh.secret'],
  ])('names %s', (path) => {
    expect(faultsOf(image(path), [])).toHaveLength(1);
  });

  test('names what runs as its owner, root, what others may write, secrets of the history and a given word', () => {
    expect(faultsOf(image('/usr/bin/su', { mode: 0o104755 }), [])).toEqual([expect.stringContaining('setuid')]);
    expect(faultsOf(image('/a', { user: '' }), [])).toEqual([expect.stringContaining("runs as ''")]);
    expect(faultsOf(image('/a', { user: '0:0' }), [])).toHaveLength(1);
    expect(faultsOf(image('/app/a', { mode: 0o100666 }), [])).toHaveLength(1);
    const token = `npm_${'a'.repeat(36)}`;
    expect(faultsOf(image('/a', { configText: `ARG TOKEN=${token}` }), [])).toEqual([
      'its configuration holds a token of npm',
    ]);
    expect(faultsOf(image('/a'), ['NODE_IMAGE'])).toHaveLength(1);
  });
});
