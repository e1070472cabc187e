import { readFileSync } from 'node:fs';
import { parseEnv } from '@holdfast/contracts';
import { readClaims, TokenRefused } from '@holdfast/core';
import { expect, test } from 'vitest';
import { checkAccessToken, isService } from './access-token.ts';

/** The examples of the guide, read as the API would read them. */
const guide = readFileSync(new URL('../../../../docs/guides/identity.md', import.meta.url), 'utf8');
const [, table = ''] = guide.split('claims-of-issuers.test.ts -->');

const rows = table
  .split('\n## ')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, issuer = '', settings = '', token = '', readAs = '']) => ({ issuer, settings, token, readAs }));

const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

function read(settings: string, token: string): string {
  const environment = Object.fromEntries(codes(settings).map((setting) => setting.split(/=(.*)/s).slice(0, 2)));
  const { oidc } = parseEnv({ OIDC_ISSUER: 'https://id.example.com', ...environment });
  if (oidc === null) throw new Error('there is no issuer');
  const parts = codes(token);
  const claims = JSON.parse(parts.at(-1) ?? '') as Record<string, unknown>;
  try {
    checkAccessToken(parts.length > 1 ? parts[0] : 'JWT', claims);
  } catch (error) {
    if (error instanceof TokenRefused) return `refused: ${error.reason}`;
    throw error;
  }
  const { tenants, platformAdmin } = readClaims(claims, oidc.claims);
  const said = tenants.map(({ name, roles }) => `${name} (${roles.join(', ')})`).join(', ') || 'none';
  return `${isService(claims) ? 'service' : 'person'}: ${said}${platformAdmin ? ', platform admin' : ''}`;
}

test('the guide has examples of all of them', () => {
  const issuers = new Set(rows?.map(({ issuer }) => issuer.split(/,/)[0]));
  expect([...issuers]).toEqual(['Keycloak', 'Entra ID', 'Okta', 'Auth0', 'Zitadel', 'Authentik', 'Dex']);
});

test.each(rows ?? [])('$issuer is read as the guide says', ({ settings, token, readAs }) => {
  expect(read(settings, token)).toBe(readAs);
});
