import { describe, expect, it } from 'vitest';
import { envKeyNames, metaOf, secretKeys } from './env.ts';
import { EnvInvalid, type Environment, parseEnv } from './parse-env.ts';
import { withSecretFiles } from './secret-files.ts';

const files: Readonly<Record<string, string>> = {
  '/run/secrets/url': 'postgres://a:pw@db/x\n',
  '/run/secrets/windows': 'sk-1\r\n',
  '/run/secrets/spaces': ' \n\n',
  '/run/secrets/empty': '',
};

function readFile(path: string): string {
  if (path === '/run/secrets/folder') throw Object.assign(new Error('EISDIR: …'), { code: 'EISDIR' });
  if (path === '/run/secrets/locked') throw Object.assign(new Error('EACCES: …'), { code: 'EACCES' });
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error('ENOENT: …'), { code: 'ENOENT' });
  return text;
}

function problemsOf(environment: Environment): readonly string[] {
  try {
    withSecretFiles(environment, readFile);
  } catch (error) {
    if (error instanceof EnvInvalid) return error.problems;
    throw error;
  }
  return [];
}

describe('secrets from files', () => {
  it('are read for every key that is secret, and for no other', () => {
    expect(secretKeys).toContain('DATABASE_URL');
    for (const key of envKeyNames) {
      const { [key]: value, ...rest } = withSecretFiles({ [`${key}_FILE`]: '/run/secrets/url' }, readFile);
      const secret = metaOf(key).secret;
      expect(value).toBe(secret ? 'postgres://a:pw@db/x' : undefined);
      expect(rest).toEqual(secret ? {} : { [`${key}_FILE`]: '/run/secrets/url' });
    }
  });

  it('have the line break at their end dropped, and reach the configuration', () => {
    const environment = withSecretFiles(
      { DATABASE_URL_FILE: '/run/secrets/url', MODEL_API_KEY_FILE: '/run/secrets/windows', PORT: '1' },
      readFile,
    );
    expect(environment).toEqual({ DATABASE_URL: 'postgres://a:pw@db/x', MODEL_API_KEY: 'sk-1', PORT: '1' });
    expect(parseEnv(environment).secrets).toMatchObject({
      database: { url: 'postgres://a:pw@db/x' },
      modelApiKey: 'sk-1',
    });
  });

  it('are none where the name is empty', () => {
    expect(withSecretFiles({ DATABASE_URL_FILE: ' ', DATABASE_URL: 'postgres://b@db/x' }, readFile)).toEqual({
      DATABASE_URL: 'postgres://b@db/x',
    });
  });

  it.each([
    ['/run/secrets/absent', 'does not exist (ENOENT)'],
    ['/run/secrets/folder', 'is a folder (EISDIR)'],
    ['/run/secrets/locked', 'may not be read by this user (EACCES)'],
    ['/run/secrets/spaces', 'is empty'],
    ['/run/secrets/empty', 'is empty'],
  ])('refuse %s', (path, why) => {
    expect(problemsOf({ MODEL_API_KEY_FILE: path })).toEqual([
      `MODEL_API_KEY_FILE: the file "${path}" ${why}; it must hold the value of MODEL_API_KEY`,
    ]);
  });

  it('refuse a value beside a file without telling it, and name everything that is wrong', () => {
    const problems = problemsOf({
      DATABASE_URL: 'postgres://a:pw1@db/x',
      DATABASE_URL_FILE: '/run/secrets/url',
      OIDC_CLIENT_SECRET_FILE: '/run/secrets/absent',
    });
    expect(problems).toEqual([
      'DATABASE_URL_FILE: DATABASE_URL is set as well; set one of the two',
      expect.stringContaining('OIDC_CLIENT_SECRET_FILE'),
    ]);
    expect(problems.join()).not.toContain('pw1');
  });

  it('that nobody has read are refused, since without their value something else would be meant', () => {
    expect(() => parseEnv({ DATABASE_URL_FILE: '/run/secrets/url' })).toThrow(
      'DATABASE_URL_FILE: this program reads no secrets from files; set DATABASE_URL',
    );
  });
});
