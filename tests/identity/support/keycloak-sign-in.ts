import type { Page } from 'playwright-core';

/** On the two pages of Keycloak: who it is, then the password. */
export async function signIn(page: Page, person: string): Promise<void> {
  await page.fill('#username', person);
  await page.click('#kc-login');
  await page.fill('#password', `dev-only-${person}-password`);
  await page.click('#kc-login');
}
