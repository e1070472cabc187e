import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevelopmentProvider } from '@holdfast/adapters/oidc-development';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { describeLogin, type LoginIssuer } from './login.suite.ts';

const LIFE_SECONDS = 8;

let folder: string;
let provider: DevelopmentProvider;
const warnings: string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-login-'));
  const warn = (text: string): void => void warnings.push(text);
  provider = await DevelopmentProvider.start({ port: 0, dataDir: folder, accessTokenSeconds: LIFE_SECONDS, warn });
});
afterAll(async () => {
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
  expect(warnings).toEqual([]);
});

const signIn = (page: Page, person: string): Promise<void> => page.click(`button[value=${person}]`);

describeLogin('the development provider', (): LoginIssuer => ({
  environment: provider.environment,
  people: { one: 'vera', two: 'toni', leaver: 'oscar', nobody: 'norman' },
  tenants: ['demo', 'annex'],
  machine: { id: 'holdfast-machine', secret: provider.clientSecret, scope: 'organization:demo' },
  lifeSeconds: LIFE_SECONDS,
  servesApi: (url) => Promise.resolve(provider.servesApi(url)),
  subject: (person) => Promise.resolve(person),
  signIn,
  asksWho: (page) => page.locator('button[name=person]').first().isVisible(),
  letDeviceIn: async (page, person) => {
    await page.click('button.main');
    await signIn(page, person);
    await page.getByText('You are logged in').waitFor();
  },
  endLogin: async (page) => {
    await page.goto(`${provider.issuer}/session/end`);
    await page.click('button[value=yes]');
    await page.getByText('You are logged out').waitFor();
  },
  disable: (person) => Promise.resolve(provider.setDisabled(person, true)),
  rotateKeys: () => provider.rotateKeys(),
}));
