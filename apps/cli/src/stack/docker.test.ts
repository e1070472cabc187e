import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compose, installedDocker } from './docker.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-docker-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program `docker` of these lines, alone on the path with the shell's own. */
function program(lines: string): ReturnType<typeof installedDocker> {
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, 'docker'), 0o755);
  return installedDocker(folder, { PATH: `${folder}:/usr/bin:/bin`, MODEL_DEFAULT: 'of-this-shell' });
}

describe('the program docker', () => {
  it('is started in the folder of the Compose files, without what is set in this shell', async () => {
    const docker = program('pwd -P; echo "$@"; echo "[$MODEL_DEFAULT]"');
    expect(await compose(docker, ['ps', '--all'])).toMatch(/holdfast-docker-\w+\ncompose ps --all\n\[\]\n$/);
  });

  it('writes into a file that its owner alone may read, and reads from one', async () => {
    const to = join(folder, 'dump');
    writeFileSync(join(folder, 'in'), 'x'.repeat(300_000));
    await compose(program('cat'), [], { from: join(folder, 'in'), to });
    expect([readFileSync(to, 'utf8').length, statSync(to).mode & 0o777]).toEqual([300_000, 0o600]);
  });

  it('is told about with the end of what it said when it fails, also before it has read all', async () => {
    writeFileSync(join(folder, 'in'), 'x'.repeat(3_000_000));
    const failing = compose(program('echo no space >&2; exit 3'), ['exec', 'a'], { from: join(folder, 'in') });
    await expect(failing).rejects.toThrow('docker compose exec a ended with 3: no space');
  });

  it.each(['exit 0', 'exit 141', 'yes'])('is not blamed for what we cannot write (%s)', async (last) => {
    const to = join(folder, 'dump');
    writeFileSync(to, 'mine');
    const failing = compose(program(`echo words; echo broken pipe >&2; ${last}`), [], { to });
    await expect(failing).rejects.toThrow(`${to} could not be written: EEXIST`);
    expect(readFileSync(to, 'utf8')).toBe('mine');
  });

  it('is ended when it is interrupted', async () => {
    const stop = new AbortController();
    const running = compose(program('exec sleep 60'), [], { to: join(folder, 'dump'), signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toThrow('interrupted');
  });

  it('is missed with words', async () => {
    await expect(compose(installedDocker(folder, { PATH: folder }), ['ps'])).rejects.toThrow('Install Docker Engine');
  });
});
