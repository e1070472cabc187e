import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeLogins, readLogins, type StoredLogin } from './login-file.ts';
import { clientSettings, type Surroundings } from './settings.ts';

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  path = join(home, '.config', 'holdfast', 'login.json');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const surroundings = (env: Record<string, string> = {}): Surroundings => ({ env, cwd: home, home });
const login = (token: string, tenant: string | null = null): StoredLogin => ({
  issuer: 'https://id.test',
  client_id: 'cli',
  scope: 'openid',
  tenant,
  access_token: token,
  refresh_token: null,
  refresh_at: Number.MAX_SAFE_INTEGER,
  expires_at: Number.MAX_SAFE_INTEGER,
});
const keep = (logins: Record<string, StoredLogin>, url: string | null) =>
  changeLogins(surroundings(), () => Promise.resolve({ next: { url, logins }, result: null }));
const keyOf = (env: Record<string, string> = {}) => {
  const { url, key, tenant } = clientSettings(surroundings(env));
  return Promise.resolve(typeof key === 'string' ? key : key()).then((text) => [url, text, tenant]);
};

describe('the file of logins', () => {
  it('is readable by its owner alone, and so it stays', async () => {
    await keep({ 'https://a.test': login('a') }, 'https://a.test');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, '.config', 'holdfast')).mode & 0o777).toBe(0o700);
    expect(readLogins(surroundings()).logins['https://a.test']?.access_token).toBe('a');
  });

  it('is changed by one at a time', async () => {
    let inside = 0;
    const most: number[] = [];
    await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        changeLogins(surroundings(), async ({ logins }) => {
          inside += 1;
          most.push(inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside -= 1;
          return { next: { url: null, logins: { ...logins, [`https://${index}.test`]: login('x') } }, result: null };
        }),
      ),
    );
    expect(most).toEqual([1, 1, 1, 1, 1]);
    expect(Object.keys(readLogins(surroundings()).logins)).toHaveLength(5);
  });

  it('is not held up by a process that was killed', async () => {
    mkdirSync(join(home, '.config', 'holdfast'), { recursive: true });
    writeFileSync(`${path}.lock`, '');
    const minuteAgo = Date.now() / 1_000 - 60;
    utimesSync(`${path}.lock`, minuteAgo, minuteAgo);
    await keep({}, null);
    expect(readLogins(surroundings())).toEqual({ url: null, logins: {} });
  });

  it('stays as it is when the change fails, and can be changed again', async () => {
    await keep({ 'https://a.test': login('a') }, 'https://a.test');
    const before = readFileSync(path, 'utf8');
    await expect(changeLogins(surroundings(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readFileSync(path, 'utf8')).toBe(before);
    await keep({}, null);
  });
});

describe('commands are those', () => {
  beforeEach(async () => {
    mkdirSync(join(home, '.holdfast'));
    writeFileSync(join(home, '.holdfast', 'cli.json'), JSON.stringify({ url: 'http://local.test', api_key: 'hf_key' }));
    await keep({ 'https://a.test': login('a', 'acme'), 'https://b.test': login('b') }, 'https://a.test');
  });

  it('of the last login, before what npm start left', async () => {
    expect(await keyOf()).toEqual(['https://a.test', 'a', 'acme']);
  });

  it('of HOLDFAST_URL, with the login there; a token goes nowhere else', async () => {
    expect(await keyOf({ HOLDFAST_URL: 'https://b.test/' })).toEqual(['https://b.test', 'b', undefined]);
    expect(await keyOf({ HOLDFAST_URL: 'https://c.test' })).toEqual(['https://c.test', 'hf_key', undefined]);
  });

  it('of HOLDFAST_API_KEY and HOLDFAST_TENANT before all', async () => {
    expect(await keyOf({ HOLDFAST_API_KEY: 'hf_mine' })).toEqual(['http://local.test', 'hf_mine', undefined]);
    expect(await keyOf({ HOLDFAST_TENANT: 'globex' })).toEqual(['https://a.test', 'a', 'globex']);
  });

  it('of npm start once the login was ended', async () => {
    await keep({}, null);
    expect(await keyOf()).toEqual(['http://local.test', 'hf_key', undefined]);
  });
});
