import { expect, test } from 'vitest';
import { type ClaimRules, readClaims } from './read-claims.ts';

const keycloak: ClaimRules = {
  tenant: 'organization',
  roles: 'resource_access.holdfast.roles',
  groups: null,
  platform: 'realm_access.roles',
};
const grouped: ClaimRules = { ...keycloak, tenant: 'groups', groups: '/tenants/{tenant}/{role}' };
const flat: ClaimRules = { ...keycloak, tenant: 'https://holdfast.example.com/tenant', roles: 'app.roles' };
const roles = (...words: unknown[]) => ({ resource_access: { holdfast: { roles: words } } });
const acme = (...words: unknown[]) => ({ externalId: null, name: 'acme', roles: words });

test.each<[string, ClaimRules, Record<string, unknown>, unknown[]]>([
  [
    'organizations',
    keycloak,
    { organization: { acme: { id: 'i1', ...roles('admin', 'unheard-of') }, globex: { id: 'i2', groups: [] } } },
    [
      { externalId: 'i1', name: 'acme', roles: ['admin'] },
      { externalId: 'i2', name: 'globex', roles: [] },
    ],
  ],
  [
    'attributes that look like roles',
    keycloak,
    { organization: { acme: { roles: ['admin'], resource_access: ['admin'] } } },
    [acme()],
  ],
  [
    'roles of the token are none of an organization',
    keycloak,
    { organization: { acme: {} }, ...roles('admin') },
    [acme()],
  ],
  ['names of organizations', keycloak, { organization: ['acme'] }, [acme()]],
  ['a disabled organization', keycloak, { organization: {} }, []],
  ['no claim', keycloak, {}, []],
  ['an organization that is no object', keycloak, { organization: { acme: 'x', globex: null } }, []],
  ['a prototype', keycloak, { organization: JSON.parse('{"__proto__":{"id":"x"}}') as unknown }, []],
  [
    'groups',
    grouped,
    { groups: ['/tenants/acme/viewer', '/tenants/acme/builder', '/tenants/globex/x', '/staff', '/tenants/a/b/admin'] },
    [acme('viewer', 'builder'), { externalId: null, name: 'globex', roles: [] }],
  ],
  [
    'groups of another form',
    { ...grouped, groups: 'holdfast:{tenant}:{role}' },
    { groups: ['holdfast:acme:admin', 'xholdfast:acme:viewer'] },
    [acme('admin')],
  ],
  [
    'a tenant and roles',
    flat,
    { 'https://holdfast.example.com/tenant': 'acme', app: { roles: ['viewer', 7] } },
    [acme('viewer')],
  ],
  [
    'several tenants have no roles in common',
    flat,
    { 'https://holdfast.example.com/tenant': ['acme', 'globex'], app: { roles: ['admin'] } },
    [acme(), { externalId: null, name: 'globex', roles: [] }],
  ],
  ['names that cannot be', flat, { 'https://holdfast.example.com/tenant': ['/platform', '', 'a\u0000b', ' x'] }, []],
])('%s', (_what, rules, claims, tenants) => {
  expect(readClaims(claims, rules).tenants).toEqual(tenants);
});

test.each([
  [{ realm_access: { roles: ['platform-admin'] } }, true],
  [{ realm_access: { roles: ['admin'] } }, false],
  [{ 'realm_access.roles': 'platform-admin' }, true],
  [{ organization: { acme: { realm_access: { roles: ['platform-admin'] } } } }, false],
  [{}, false],
])('a platform admin by %j: %s', (claims, is) => {
  expect(readClaims(claims, keycloak).platformAdmin).toBe(is);
});
