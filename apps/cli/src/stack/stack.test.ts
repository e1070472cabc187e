import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backUp } from './back-up.ts';
import type { Docker, Ran, RunOptions } from './docker.ts';
import { envValue, setEnvValues } from './env-file.ts';
import { initStack } from './init-stack.ts';
import { releaseOf, releaseOfStack } from './release.ts';
import { checkedBackup, restore } from './restore.ts';
import { mustBeWhole } from './restoring.ts';
import { stackState } from './stack-state.ts';
import { upgrade } from './upgrade.ts';
import { waitUntilWell } from './wait-until-well.ts';

let deploy: string;
let folder: string;
beforeEach(() => {
  deploy = mkdtempSync(join(tmpdir(), 'holdfast-stack-'));
  folder = join(deploy, 'compose');
  mkdirSync(folder);
  cpSync(fileURLToPath(new URL('../../../../deploy/valkey', import.meta.url)), join(deploy, 'valkey'), {
    recursive: true,
  });
  initStack(folder, { url: 'http://localhost', edge: 'traefik', temporal: false, dev: false });
});
afterEach(() => rmSync(deploy, { recursive: true, force: true }));

type Container = Readonly<Record<string, string | number>>;

/** Answers as Docker does about a small stack; `asked` has every command after `compose`. */
class FakeDocker {
  readonly asked: string[] = [];
  containers: Record<string, Container> = {
    api: { State: 'running', Health: 'healthy', Status: 'Up' },
    migrate: { State: 'exited', ExitCode: 0 },
    postgres: { State: 'running', Health: 'healthy', Status: 'Up' },
    s3: { State: 'running', Health: 'healthy', Status: 'Up' },
  };
  /** Called before each command; may change the containers or return what the command does. */
  on: (command: string) => Partial<Ran> | undefined = () => undefined;

  readonly run: Docker = (args, { to }: RunOptions = {}) => {
    const command = args.filter((arg) => arg !== 'compose').join(' ');
    this.asked.push(command);
    const answer = this.on(command);
    if (to !== undefined) writeFileSync(to, `${command}\n`, { flag: 'wx' });
    return Promise.resolve({ code: 0, stdout: this.#answer(command), stderr: '', ...answer });
  };

  #answer(command: string): string {
    if (command.startsWith('config'))
      return JSON.stringify({
        services: {
          api: { restart: 'unless-stopped', depends_on: { migrate: {} } },
          migrate: { restart: 'on-failure:5', depends_on: { postgres: {} } },
          postgres: { restart: 'unless-stopped' },
          s3: { restart: 'unless-stopped' },
        },
      });
    if (command.startsWith('ps'))
      return Object.entries(this.containers)
        .map(([Service, rest]) => JSON.stringify({ Service, ...rest }))
        .join('\n');
    return command.startsWith('logs') ? `log of ${command.split(' ').at(-1)}\n` : '';
  }
}

const silent = (): void => undefined;

describe('the state of the stack', () => {
  it('lists the parts in the order in which they start', async () => {
    expect((await stackState(new FakeDocker().run)).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'postgres ok',
      's3 ok',
      'migrate ok',
      'api ok',
    ]);
  });

  it.each([
    [{ State: 'running', Health: 'starting' }, 'waits'],
    [{ State: 'running', Health: 'unhealthy' }, 'sick'],
    [{ State: 'running' }, 'ok'],
    [{ State: 'created' }, 'waits'],
    [{ State: 'restarting', ExitCode: 1 }, 'sick'],
    [{ State: 'exited', ExitCode: 0 }, 'sick'],
    [{ State: 'paused' }, 'sick'],
  ])('says of a service with %j that it is %s', async (container, state) => {
    const docker = new FakeDocker();
    docker.containers['api'] = container;
    expect((await stackState(docker.run)).find(({ name }) => name === 'api')?.state).toBe(state);
  });

  it.each([
    [{ State: 'running' }, 'waits'],
    [{ State: 'restarting', ExitCode: 1 }, 'waits'],
    [{ State: 'exited', ExitCode: 0 }, 'ok'],
    [{ State: 'exited', ExitCode: 1 }, 'sick'],
  ])('says of a job with %j that it is %s', async (container, state) => {
    const docker = new FakeDocker();
    docker.containers['migrate'] = container;
    expect((await stackState(docker.run)).find(({ name }) => name === 'migrate')?.state).toBe(state);
  });

  it('says of a part with several containers how the worst of them is, and counts none that somebody runs by hand', async () => {
    const docker = new FakeDocker();
    const ps = [
      { Service: 'api', State: 'exited', ExitCode: 137 },
      { Service: 'api', State: 'running', Health: 'healthy', Status: 'Up' },
      { Service: 'migrate', State: 'exited', ExitCode: 1, Labels: 'a=b,com.docker.compose.oneoff=True,c=d' },
      { Service: 'migrate', State: 'exited', ExitCode: 0, Labels: 'com.docker.compose.oneoff=False' },
    ];
    docker.on = (command) =>
      command.startsWith('ps') ? { stdout: ps.map((each) => JSON.stringify(each)).join('\n') } : undefined;
    expect((await stackState(docker.run)).map(({ name, state, detail }) => `${name} ${state} ${detail}`)).toEqual([
      'postgres sick is not there',
      's3 sick is not there',
      'migrate ok done',
      'api sick 1 of 2: ended with 137',
    ]);
  });

  it('misses what is not there of several', async () => {
    const docker = new FakeDocker();
    const services = { api: { restart: 'unless-stopped', scale: 2 } };
    docker.on = (command) => (command.startsWith('config') ? { stdout: JSON.stringify({ services }) } : undefined);
    expect(await stackState(docker.run)).toMatchObject([{ state: 'sick', detail: 'only 1 of 2 are there' }]);
  });

  it('reads the list that older releases of Compose say', async () => {
    const docker = new FakeDocker();
    docker.on = (command) =>
      command.startsWith('ps') ? { stdout: JSON.stringify([{ Service: 'api', State: 'running' }]) } : undefined;
    expect((await stackState(docker.run)).map(({ state }) => state)).toEqual(['sick', 'sick', 'sick', 'ok']);
  });
});

describe('waiting until all is well', () => {
  it('ends when it is', async () => {
    const docker = new FakeDocker();
    docker.containers['api'] = { State: 'running', Health: 'starting' };
    let looks = 0;
    docker.on = (command) => {
      if (command.startsWith('ps') && ++looks === 3) docker.containers['api'] = { State: 'running', Health: 'healthy' };
      return undefined;
    };
    const told: string[] = [];
    await waitUntilWell(docker.run, 60_000, (line) => told.push(line), null, 1);
    expect(told).toEqual(['postgres', 's3', 'migrate', 'api']);
  });

  it('names the part that holds up the others, with the end of its log, and none of these', async () => {
    const docker = new FakeDocker();
    docker.containers = {
      postgres: { State: 'running', Health: 'healthy' },
      s3: { State: 'running', Health: 'healthy' },
      migrate: { State: 'exited', ExitCode: 1 },
    };
    await expect(waitUntilWell(docker.run, 60_000, silent, null, 1)).rejects.toThrow(
      'migrate is not well: ended with 1. api waits for it. The end of its log:\n    log of migrate',
    );
    expect(docker.asked.filter((command) => command.startsWith('logs'))).toHaveLength(1);
  });

  it('ends after a time, and says what it waited for', async () => {
    const docker = new FakeDocker();
    docker.containers['api'] = { State: 'running', Health: 'starting', Status: 'Up 5 minutes (health: starting)' };
    await expect(waitUntilWell(docker.run, 0, silent, null, 1)).rejects.toThrow('api is not well: Up 5 minutes');
  });
});

describe('an upgrade', () => {
  const options = { release: releaseOf('holdfast:0.2.0'), timeoutMs: 60_000, pull: true };

  it('migrates before it changes workers, and these before the API', async () => {
    const docker = new FakeDocker();
    await upgrade(docker.run, folder, options, silent);
    const steps = docker.asked.filter((command) => /^(pull|run|up)/.test(command));
    expect(steps.map((command) => `${command.split(' ')[0]} ${command.split(' ').at(-1)}`)).toEqual([
      'pull --ignore-buildable',
      'run migrate',
      'up worker',
      'up api',
      'up --remove-orphans',
    ]);
    expect(envValue(folder, 'HOLDFAST_IMAGE')).toBe('holdfast:0.2.0');
  });

  it('changes nothing when the migration fails', async () => {
    const docker = new FakeDocker();
    docker.on = (command) => (command.startsWith('run') ? { code: 1, stderr: 'holdfast: no' } : undefined);
    await expect(upgrade(docker.run, folder, options, silent)).rejects.toThrow('holdfast: no');
    expect(envValue(folder, 'HOLDFAST_IMAGE')).toBe('holdfast:0.1.0');
    expect(docker.asked.filter((command) => command.startsWith('up'))).toEqual([]);
  });

  it('takes no image that is not here when it shall not ask a registry', async () => {
    const docker = new FakeDocker();
    docker.on = (command) => (command.startsWith('image') ? { code: 1 } : undefined);
    await expect(upgrade(docker.run, folder, { ...options, pull: false }, silent)).rejects.toThrow(
      'is not on this machine',
    );
    expect(envValue(folder, 'HOLDFAST_IMAGE')).toBe('holdfast:0.1.0');
  });
});

describe('an upgrade of what is pinned', () => {
  const [old, next] = [`@sha256:${'a'.repeat(64)}`, `@sha256:${'b'.repeat(64)}`];
  const options = { timeoutMs: 60_000, pull: false };
  beforeEach(() => setEnvValues(folder, { HOLDFAST_DIGEST: old }));

  it('goes to the pin that is given', async () => {
    const docker = new FakeDocker();
    await upgrade(docker.run, folder, { ...options, release: releaseOf(`r:5000/holdfast:0.2.0${next}`) }, silent);
    expect(releaseOfStack(folder)).toEqual({ image: 'r:5000/holdfast:0.2.0', digest: next });
    expect(docker.asked[0]).toBe(`image inspect --format {{.Id}} r:5000/holdfast:0.2.0${next}`);
  });

  it('takes the old pin away when none is given', async () => {
    await upgrade(new FakeDocker().run, folder, { ...options, release: releaseOf('holdfast:0.2.0') }, silent);
    expect([envValue(folder, 'HOLDFAST_IMAGE'), envValue(folder, 'HOLDFAST_DIGEST')]).toEqual(['holdfast:0.2.0', null]);
  });

  it.each(['', next])('leaves image and pin as they were when the migration fails (%s)', async (digest) => {
    const docker = new FakeDocker();
    docker.on = (command) => (command.startsWith('run') ? { code: 1 } : undefined);
    const before = readFileSync(join(folder, '.env'), 'utf8');
    const upgrading = upgrade(docker.run, folder, { ...options, release: releaseOf(`holdfast:2${digest}`) }, silent);
    await expect(upgrading).rejects.toThrow('ended with 1');
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe(before);
  });

  it('says the new release once the tables are its own', async () => {
    const docker = new FakeDocker();
    docker.on = (command) => (command === 'up --detach worker' ? { code: 1 } : undefined);
    const upgrading = upgrade(docker.run, folder, { ...options, release: releaseOf('holdfast:0.2.0') }, silent);
    await expect(upgrading).rejects.toThrow('ended with 1');
    expect(releaseOfStack(folder)).toEqual({ image: 'holdfast:0.2.0', digest: '' });
  });
});

describe('a backup', () => {
  const at = new Date('2026-11-27T12:00:00Z');

  it('has the databases before the volumes, while the store stands still, and says what is in it', async () => {
    const docker = new FakeDocker();
    const target = join(folder, 'backup');
    const { files, secrets } = await backUp(docker.run, folder, target, at);
    expect(
      docker.asked.flatMap(
        (command) =>
          /dump.* (\w+)$/.exec(command)?.[1] ?? command.split(' ').find((word) => /pause|--create/.test(word)) ?? [],
      ),
    ).toEqual(['holdfast', 'keycloak', 'temporal', 'temporal_visibility', 'pause', '--create', 'unpause']);
    expect(Object.keys(files)).toEqual([
      'holdfast.dump',
      'keycloak.dump',
      'temporal.dump',
      'temporal_visibility.dump',
      'volumes.tar',
      'settings.env',
    ]);
    expect(readFileSync(join(target, 'settings.env'), 'utf8')).toBe(readFileSync(join(folder, '.env'), 'utf8'));
    expect(secrets).toEqual({
      'keycloak-admin': expect.stringMatching(/^[0-9a-f]{16}$/),
      'oidc-client-secret': expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(await checkedBackup(folder, target)).toMatchObject({ made_at: '2026-11-27T12:00:00.000Z' });
  });

  it('ends when Docker has found the store well again, without which an upgrade would fail', async () => {
    const docker = new FakeDocker();
    let looks = 0;
    docker.on = (command) => {
      if (command === 'unpause s3') docker.containers['s3'] = { State: 'running', Health: 'unhealthy' };
      if (command.startsWith('ps') && ++looks === 2) docker.containers['s3'] = { State: 'running', Health: 'healthy' };
      return undefined;
    };
    await backUp(docker.run, folder, join(folder, 'backup'), at);
    expect(looks).toBe(2);
  });

  it('lets the store go on when the copy fails, and is none then', async () => {
    const docker = new FakeDocker();
    docker.on = (command) => (command.includes('--create') ? { code: 2, stderr: 'no space' } : undefined);
    const target = join(folder, 'backup');
    await expect(backUp(docker.run, folder, target, at)).rejects.toThrow('no space');
    expect(docker.asked.at(-1)).toBe('unpause s3');
    await expect(checkedBackup(folder, target)).rejects.toThrow('no manifest.json');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'lets the store go on when it is interrupted (%s)',
    async (signal) => {
      const docker = new FakeDocker();
      const packing: Docker = (args, options = {}) => {
        const answer = docker.run(args, options);
        if (!args.includes('--create')) return answer;
        return new Promise((_resolve, reject) => {
          options.signal?.addEventListener('abort', () => reject(new Error('interrupted')));
          // As the system does it; a thread of tests gets none.
          process.emit(signal);
        });
      };
      await expect(backUp(packing, folder, join(folder, 'backup'), at)).rejects.toThrow('interrupted');
      expect(docker.asked.at(-1)).toBe('unpause s3');
      expect(process.listenerCount(signal)).toBe(0);
    },
  );

  it('is not restored when it was changed, or belongs to other secrets', async () => {
    const target = join(folder, 'backup');
    await backUp(new FakeDocker().run, folder, target, at);
    writeFileSync(join(target, 'holdfast.dump'), 'other');
    rmSync(join(folder, 'secrets/oidc-client-secret'));
    initStack(folder, { url: 'http://localhost', edge: 'traefik', temporal: false, dev: false });
    await expect(checkedBackup(folder, target)).rejects.toThrow(
      'holdfast.dump was changed since\n  secrets/oidc-client-secret is not the one of this backup',
    );
  });

  it.each([
    ['more secrets, as those of before did', (secrets: object) => ({ ...secrets, 'postgres-api': 'other' }), true],
    ['none', () => ({}), false],
  ])('that names %s', async (_, change, good) => {
    const target = join(folder, 'backup');
    const made = await backUp(new FakeDocker().run, folder, target, at);
    writeFileSync(join(target, 'manifest.json'), JSON.stringify({ ...made, secrets: change(made.secrets) }));
    const checked = checkedBackup(folder, target).then(
      () => true,
      () => false,
    );
    expect(await checked).toBe(good);
  });

  it('is put back with nothing but the database server running, and frozen', async () => {
    const docker = new FakeDocker();
    await restore(docker.run, folder, join(folder, 'backup'), { image: 'holdfast:0.1.0' }, silent);
    expect(docker.asked.slice(0, 3)).toEqual([
      'image inspect --format {{.Id}} holdfast:0.1.0',
      'stop',
      'up --detach --wait postgres',
    ]);
    const steps = docker.asked
      .slice(3)
      .map((command) => /pg_restore|migrate holdfast freeze$|tar -C \/volumes --extract/.exec(command)?.[0]);
    expect(steps).toEqual([
      'pg_restore',
      'migrate holdfast freeze',
      'pg_restore',
      'pg_restore',
      'pg_restore',
      'tar -C /volumes --extract',
    ]);
    mustBeWhole(folder, 'holdfast');
  });

  it.each(['keycloak.dump', 'volumes.tar'])(
    'is frozen when it stops half-way (%s), and must be repeated',
    async (at) => {
      const docker = new FakeDocker();
      const source = join(folder, 'backup');
      const failing: Docker = (args, options = {}) =>
        options.from === join(source, at)
          ? Promise.resolve({ code: 1, stdout: '', stderr: 'full' })
          : docker.run(args, options);
      const restoring = restore(failing, folder, source, { image: 'holdfast:0.1.0' }, silent);
      await expect(restoring).rejects.toThrow('ended with 1: full');
      expect(docker.asked.some((command) => command.endsWith('migrate holdfast freeze'))).toBe(true);
      expect(() => mustBeWhole(folder, 'holdfast')).toThrow(`Repeat it: holdfast stack restore ${source} --yes`);
      await restore(docker.run, folder, source, { image: 'holdfast:0.1.0' }, silent);
      mustBeWhole(folder, 'holdfast');
    },
  );

  it('takes its release back with it, pin and all', async () => {
    const pinned = `holdfast:9@sha256:${'a'.repeat(64)}`;
    setEnvValues(folder, { HOLDFAST_IMAGE: 'holdfast:9', HOLDFAST_DIGEST: `@sha256:${'a'.repeat(64)}` });
    const before = readFileSync(join(folder, '.env'), 'utf8');
    const target = join(folder, 'backup');
    await backUp(new FakeDocker().run, folder, target, at);
    await upgrade(
      new FakeDocker().run,
      folder,
      { release: releaseOf('holdfast:10'), timeoutMs: 1, pull: true },
      silent,
    );
    const docker = new FakeDocker();
    docker.on = (command) => (command.startsWith('image') ? { code: 1 } : undefined);
    const release: string[] = [];
    const watched: Docker = (args, given) => {
      if (args.includes('freeze')) release.push(envValue(folder, 'HOLDFAST_IMAGE') ?? '');
      return docker.run(args, given);
    };
    await restore(watched, folder, target, await checkedBackup(folder, target), silent);
    expect(docker.asked.slice(1, 3)).toEqual([`pull ${pinned}`, 'stop']);
    expect([release, readFileSync(join(folder, '.env'), 'utf8')]).toEqual([['holdfast:9'], before]);
  });

  it('stops nothing when its release cannot be had', async () => {
    const docker = new FakeDocker();
    docker.on = () => ({ code: 1 });
    const restoring = restore(docker.run, folder, join(folder, 'backup'), { image: 'holdfast:9' }, silent);
    await expect(restoring).rejects.toThrow('of the release holdfast:9, which is not on this machine');
    expect(docker.asked).not.toContain('stop');
    expect(envValue(folder, 'HOLDFAST_IMAGE')).toBe('holdfast:0.1.0');
  });

  it('goes into no folder that is there', async () => {
    const docker = new FakeDocker();
    await expect(backUp(docker.run, folder, folder, at)).rejects.toThrow('is there already');
    expect(docker.asked).toEqual([]);
  });

  it('leaves the settings alone', async () => {
    setEnvValues(folder, { HOLDFAST_IMAGE: 'holdfast:9' });
    const before = readFileSync(join(folder, '.env'), 'utf8');
    const { image } = await backUp(new FakeDocker().run, folder, join(folder, 'backup'), at);
    expect([image, readFileSync(join(folder, '.env'), 'utf8')]).toEqual(['holdfast:9', before]);
  });
});
