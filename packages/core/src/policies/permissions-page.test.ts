import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { permissionsPage } from './permissions-page.ts';

test('docs/reference/permissions.md is up to date (else: npm run generate)', () => {
  const page = readFileSync(new URL('../../../../docs/reference/permissions.md', import.meta.url), 'utf8');
  expect(page).toBe(permissionsPage());
});
