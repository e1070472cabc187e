import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { envValue, setEnvValues } from './env-file.ts';
import { initStack, type StackOptions } from './init-stack.ts';
import { randomSecrets } from './secrets.ts';

let deploy: string;
let folder: string;
beforeEach(() => {
  deploy = mkdtempSync(join(tmpdir(), 'holdfast-stack-'));
  folder = join(deploy, 'compose');
  mkdirSync(folder);
  cpSync(valkey, join(deploy, 'valkey'), { recursive: true });
});
afterEach(() => rmSync(deploy, { recursive: true, force: true }));

const valkey = fileURLToPath(new URL('../../../../deploy/valkey', import.meta.url));

const options: StackOptions = { url: 'https://h.example.com', edge: 'traefik', temporal: false, dev: false };
const secret = (name: string): string => readFileSync(join(folder, 'secrets', name), 'utf8').trim();
const mode = (name: string): string => (statSync(join(folder, name)).mode & 0o777).toString(8);

describe('holdfast stack init', () => {
  it('makes secrets of 256 bits, no two of them alike, in a folder that its owner alone may enter', () => {
    initStack(folder, options);
    const values = randomSecrets.map(secret);
    for (const value of values) expect(value).toMatch(/^[\w-]{43}$/);
    expect(new Set(values).size).toBe(randomSecrets.length);
    expect([mode('secrets'), mode('.env')]).toEqual(['700', '600']);
    // The users of the images must be able to read them where they are mounted, and nobody changes them.
    for (const name of randomSecrets) expect(mode(`secrets/${name}`)).toBe('444');
  });

  it('makes what follows from them fit', () => {
    initStack(folder, options);
    expect(secret('database-url-api')).toBe(`postgres://holdfast_api:${secret('postgres-api')}@postgres:5432/holdfast`);
    expect(secret('redis-url')).toBe(`redis://holdfast:${secret('valkey-holdfast')}@valkey:6379/0`);
    const hash = (name: string): string => createHash('sha256').update(secret(name)).digest('hex');
    const users = ['users.acl', 'edge.acl'].map((name) => readFileSync(join(valkey, name), 'utf8')).join('');
    expect(secret('valkey-acl').split('\n')).toEqual([
      ...users
        .trim()
        .replace('HOLDFAST_PASSWORD_SHA256', hash('valkey-holdfast'))
        .replace('EDGE_PASSWORD_SHA256', hash('valkey-edge'))
        .split('\n'),
      `user health on #${hash('valkey-health')} -@all +ping`,
    ]);
    expect(secret('valkey-acl').match(/^user \w+ (off|on #[0-9a-f]{64} )/gm)).toHaveLength(4);
    expect(JSON.parse(secret('s3-config'))).toMatchObject({
      identities: [
        { name: 'root', credentials: [{ secretKey: secret('s3-root-secret-key') }] },
        { credentials: [{ accessKey: secret('s3-access-key'), secretKey: secret('s3-secret-key') }] },
      ],
    });
  });

  it('overwrites nothing, and makes what is missing fit what is there', () => {
    initStack(folder, options);
    const before = Object.fromEntries(readdirSync(join(folder, 'secrets')).map((name) => [name, secret(name)]));
    writeFileSync(join(folder, '.env'), 'MINE=1\n');
    rmSync(join(folder, 'secrets/database-url-worker'));
    const { made, kept } = initStack(folder, { ...options, edge: 'kong' });
    expect(made).toEqual(['secrets/database-url-worker']);
    expect(kept).toContain('.env');
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('MINE=1\n');
    for (const [name, value] of Object.entries(before)) expect([name, secret(name)]).toEqual([name, value]);
  });

  it.each([
    [{}, 'compose.yaml:edge.traefik.yaml:tls.traefik.yaml', '0.0.0.0', { EDGE_TLS_PORT: '443', EDGE_PORT: null }],
    [
      { url: 'https://h.example.com:8443' },
      'compose.yaml:edge.traefik.yaml:tls.traefik.yaml',
      '0.0.0.0',
      { EDGE_TLS_PORT: '8443' },
    ],
    [
      { url: 'http://localhost:8080/', edge: 'kong', temporal: true, dev: true },
      'compose.yaml:edge.kong.yaml:temporal.yaml:dev.yaml',
      '127.0.0.1',
      { EDGE_PORT: '8080', EDGE_TLS_PORT: null, PUBLIC_BASE_URL: 'http://localhost:8080' },
    ],
    [
      { temporal: true },
      'compose.yaml:edge.traefik.yaml:tls.traefik.yaml:temporal.yaml:temporal.traefik.yaml',
      '0.0.0.0',
      {},
    ],
  ] as const)('writes what %j asks for', (given, files, bind, more) => {
    initStack(folder, { ...options, ...given });
    for (const [key, value] of Object.entries({ COMPOSE_FILE: files, EDGE_BIND: bind, ...more }))
      expect([key, envValue(folder, key)]).toEqual([key, value]);
  });

  it('names each installation by itself', () => {
    const named = (): string => {
      rmSync(join(folder, '.env'), { force: true });
      initStack(folder, options);
      return envValue(folder, 'INSTALLATION_ID') ?? '';
    };
    expect(named()).toMatch(/^[0-9a-f-]{36}$/);
    expect(named()).not.toBe(named());
  });

  it('lets the store’s user into the bucket that .env names, and into no other', () => {
    const buckets = (): string =>
      secret('s3-config')
        .match(/"(?:Read|Write|List|Tagging):[^"]*"/g)
        ?.join() ?? '';
    initStack(folder, options);
    expect(buckets()).toBe('"Read:holdfast","Write:holdfast","List:holdfast","Tagging:holdfast"');
    setEnvValues(folder, { S3_BUCKET: 'acme' });
    rmSync(join(folder, 'secrets/s3-config'));
    initStack(folder, options);
    expect(buckets()).toBe('"Read:acme","Write:acme","List:acme","Tagging:acme"');
  });

  it('writes nothing where the users of Valkey are not beside the Compose files', () => {
    rmSync(join(deploy, 'valkey/edge.acl'));
    expect(() => initStack(folder, options)).toThrow('Take all of deploy/');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [{ url: 'holdfast.example.com' }, 'must be http:// or https://'],
    [{ url: 'https://h.example.com/base' }, 'no path'],
    [{ dev: true }, 'must be one of this machine'],
  ])('writes nothing for %j', (given, why) => {
    expect(() => initStack(folder, { ...options, ...given })).toThrow(why);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('.env', () => {
  it('keeps all other lines when a key is set', () => {
    writeFileSync(join(folder, '.env'), '# one\nA=1\nB=2\n\n# two\n');
    setEnvValues(folder, { A: '3', C: 'new', E: null });
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('# one\nA=3\nB=2\n\n# two\nC=new\n');
    expect([envValue(folder, 'C'), envValue(folder, 'D')]).toEqual(['new', null]);
    expect(mode('.env')).toBe('600');
    setEnvValues(folder, { A: null, B: '4' });
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('# one\nB=4\n\n# two\nC=new\n');
  });
});
