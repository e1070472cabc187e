import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOTICE } from '@holdfast/adapters/oidc-development';
import { parseEnv } from '@holdfast/contracts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loginOf } from './login.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-login-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function login(environment: Record<string, string>) {
  const made = await loginOf(parseEnv({ PORT: '0', ...environment }), folder, () => undefined);
  await made.development?.close();
  return made;
}

it('is one of its own where no issuer is named, on loopback, and says what it is', async () => {
  const { config, development, line } = await login({});
  expect(line).toBe(`login: ${development?.issuer ?? ''}  ·  ${NOTICE}`);
  expect(development?.issuer).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(config.oidc).toMatchObject({ issuer: development?.issuer, clientId: 'holdfast', cliClientId: 'holdfast-cli' });
  expect(config.secrets.oidcClientSecret).toBe(development?.clientSecret);
});

it('is that of OIDC_ISSUER where one is named, and no other is started', async () => {
  const { config, development, line } = await login({ OIDC_ISSUER: 'https://id.example.com' });
  expect(development).toBeNull();
  expect(line).toBe('login: https://id.example.com');
  expect(config.oidc).toMatchObject({ issuer: 'https://id.example.com', clientId: null });
});

it.each([
  [{ HOST: '0.0.0.0' }, 'HOST is 0.0.0.0'],
  [{ PUBLIC_BASE_URL: 'https://holdfast.example.com' }, 'PUBLIC_BASE_URL is https://holdfast.example.com'],
  [{ NODE_ENV: 'production' }, 'NODE_ENV is production'],
])('is none, and says why, with %j', async (environment, why) => {
  const { config, development, line } = await login(environment);
  expect([development, config.oidc]).toEqual([null, null]);
  expect(line).toContain(why);
});

it('is none where its port is taken, and everything else starts all the same', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const { development, line } = await login({ PORT: String(taken - 1) });
  other.close();
  expect(development).toBeNull();
  expect(line).toContain(`the port ${taken} of the development login is taken`);
});
