import { createServer } from 'node:http';
import { JwtVerifier } from '@holdfast/adapters/oidc';
import { authenticatePlatform, type ClaimRules } from '@holdfast/core';
import { describeKeycloak } from '@holdfast/testing/servers';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../e2e/support/server.ts';
import { signed, signingKey } from './support/issuer.ts';
import { allowPasswords, granted, machineToken, otherRealmToken, tokenOf } from './support/keycloak-tokens.ts';

const acmeId = '0ac3e000-0000-4000-8000-000000000001';
const organizations: ClaimRules = {
  tenant: 'organization',
  roles: 'resource_access.holdfast.roles',
  groups: null,
  platform: 'realm_access.roles',
};
const silent = { info: () => undefined, warn: () => undefined };

describeKeycloak('tokens of Keycloak', (keycloak) => {
  let server: TestServer;

  beforeAll(async () => {
    await allowPasswords(keycloak());
    server = await startServer('pglite://memory', {
      worker: false,
      environment: { OIDC_ISSUER: keycloak().issuer, OIDC_PROVISION: 'on' },
    });
  });
  afterAll(() => server.close());

  const me = (token: string, headers: Record<string, string> = {}, path = '/v1/me') =>
    server.ask(token, 'GET', path, undefined, headers);
  /** As the API makes it, with other rules and a clock of its own. */
  const verifier = (claims: Partial<ClaimRules> = {}, now = () => Date.now(), internalUrl: string | null = null) =>
    new JwtVerifier({
      issuer: keycloak().issuer,
      internalUrl,
      allowHttp: false,
      audience: 'holdfast',
      claims: { ...organizations, ...claims },
      log: silent,
      now,
    });

  test.each([
    ['alice', ['builder', 'operator', 'viewer']],
    ['bob', ['viewer']],
    ['frank', ['auditor']],
    ['grace', ['operator', 'viewer']],
  ])('%s is in one tenant, with the roles of their groups there: %j', async (user, roles) => {
    const answer = await me(await tokenOf(keycloak(), user));
    expect(answer).toMatchObject({ status: 200, json: { by: { type: 'person' } } });
    expect(Object(answer.json['by']).roles.toSorted()).toEqual(roles);
    const { items } = (await me(await server.key(String(answer.json['tenant']), ['admin']), {}, '/v1/members')).json;
    expect(items).toContainEqual(expect.objectContaining({ name: expect.any(String), email: `${user}@example.test` }));
  });

  test('a program comes with client credentials, as a service', async () => {
    const answer = await me(await machineToken(keycloak()));
    expect(answer).toMatchObject({ status: 200, json: { by: { type: 'service' } } });
    expect(Object(answer.json['by']).roles.toSorted()).toEqual(['operator', 'viewer']);
  });

  test('who is in two tenants chooses by header or path, has other roles in each, and gets into no third', async () => {
    const token = await tokenOf(keycloak(), 'carol');
    // Their tenants are there.
    await me(await tokenOf(keycloak(), 'dave'));
    const initrode = await server.tenant('initrode');
    const both = expect.toSatisfy((tenants: string[]) => tenants.toSorted().join() === 'acme,globex');
    expect(await me(token)).toMatchObject({ status: 400, json: { code: 'tenant_required', tenants: both } });
    const roles = async (headers: Record<string, string>, path?: string) =>
      Object((await me(token, headers, path)).json['by']).roles as string[];
    expect(await roles({ 'holdfast-tenant': 'acme' })).toContain('admin');
    expect(await roles({ 'holdfast-tenant': 'globex' })).toEqual(['viewer']);
    expect(await roles({ 'holdfast-tenant': acmeId })).toContain('admin');
    expect(await roles({}, '/t/globex/v1/me')).toEqual(['viewer']);
    for (const tenant of ['initrode', initrode.id, 'nowhere'])
      for (const answer of [await me(token, { 'holdfast-tenant': tenant }), await me(token, {}, `/t/${tenant}/v1/me`)])
        expect(answer).toMatchObject({
          status: 403,
          json: { code: 'tenant_forbidden', tenants: both, detail: expect.not.stringContaining(tenant) },
        });
    // One of the two was asked for: the token names no other.
    const narrowed = await tokenOf(keycloak(), 'carol', 'openid organization:globex');
    expect((await me(narrowed)).status).toBe(200);
    expect((await me(narrowed, { 'holdfast-tenant': 'acme' })).status).toBe(403);
  });

  test('who is in no tenant gets into none', async () => {
    expect(await me(await tokenOf(keycloak(), 'erin'))).toMatchObject({
      status: 403,
      json: { code: 'tenant_forbidden', tenants: [] },
    });
    // Nor does who did not ask for them.
    expect((await me(await tokenOf(keycloak(), 'alice', 'openid'))).status).toBe(403);
  });

  test('the platform admin is one by realm role, and no admin of a tenant is', async () => {
    const enter = async (user: string) => {
      const credentials = { authorization: `Bearer ${await tokenOf(keycloak(), user)}`, tenant: null };
      return authenticatePlatform(server.api.ports, credentials, Date.now());
    };
    expect(await enter('root-operator')).toMatchObject({ by: { type: 'person' }, platformAdmin: true });
    expect(await enter('carol')).toMatchObject({ platformAdmin: false });
  });

  test('groups say tenants and roles', async () => {
    const groups = verifier({ tenant: 'groups', groups: '/tenants/{tenant}/{role}' });
    const { tenants } = await groups.verify(await tokenOf(keycloak(), 'carol', 'openid tenant-groups'));
    expect(tenants.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
      { externalId: null, name: 'acme', roles: ['admin'] },
      { externalId: null, name: 'globex', roles: ['viewer'] },
    ]);
  });

  test('one tenant and roles in flat claims', async () => {
    const [client] = (await keycloak().admin('GET', '/clients?clientId=holdfast')) as [{ id: string }];
    const [grace] = (await keycloak().admin('GET', '/users?username=grace')) as [{ id: string }];
    const role = await keycloak().admin('GET', `/clients/${client.id}/roles/builder`);
    await keycloak().admin('POST', `/users/${grace.id}/role-mappings/clients/${client.id}`, [role]);
    const { tenants } = await verifier({ tenant: 'tenant' }).verify(await tokenOf(keycloak(), 'grace', 'openid'));
    expect(tenants).toEqual([{ externalId: null, name: 'initech', roles: ['builder'] }]);
    await keycloak().admin('DELETE', `/users/${grace.id}/role-mappings/clients/${client.id}`, [role]);
  });

  test('names of organizations alone, as Keycloak sends them by default, bring no roles', async () => {
    const scope = { tenant: String((await me(await tokenOf(keycloak(), 'alice'))).json['tenant']) };
    const scopes = (await keycloak().admin('GET', '/client-scopes')) as { id: string; name: string }[];
    const path = `/client-scopes/${scopes.find(({ name }) => name === 'organization')?.id}/protocol-mappers/models`;
    const mappers = (await keycloak().admin('GET', path)) as { id: string; name: string; config: object }[];
    const named = (name: string) => {
      const found = mappers.find((mapper) => mapper.name === name);
      if (found === undefined) throw new Error(`there is no mapper ${name}`);
      return found;
    };
    const [membership, groups] = [named('organization'), named('organization groups')];
    const plain = { 'jsonType.label': 'String', addOrganizationId: 'false', addOrganizationAttributes: 'false' };
    await keycloak().admin('PUT', `${path}/${membership.id}`, {
      ...membership,
      config: { ...membership.config, ...plain },
    });
    await keycloak().admin('DELETE', `${path}/${groups.id}`);
    try {
      const token = await tokenOf(keycloak(), 'alice');
      expect(decodeJwt(token)['organization']).toEqual(['acme']);
      expect(await me(token)).toMatchObject({ status: 403, json: { code: 'forbidden' } });
      // Roles that were given here count all the same.
      const { sub } = decodeJwt(token);
      const { members } = server.api.ports;
      const alice = (await members.list(scope, null, 50)).find(({ subject }) => subject === sub);
      await members.update(scope, alice?.id ?? '', { roles: ['viewer'], disabled: false });
      expect(await me(token)).toMatchObject({ status: 200, json: { by: { type: 'person', roles: ['viewer'] } } });
      await members.update(scope, alice?.id ?? '', { roles: [], disabled: false });
    } finally {
      await keycloak().admin('PUT', `${path}/${membership.id}`, membership);
      await keycloak().admin('POST', path, groups);
    }
  });

  test('an ID token, a refresh token and a token of another realm are none', async () => {
    const { access_token, id_token = '', refresh_token = '' } = await granted(keycloak(), 'alice');
    expect((await me(access_token)).status).toBe(200);
    // All that tells it from an access token is its type.
    expect(decodeJwt(id_token)).toMatchObject({
      iss: keycloak().issuer,
      aud: expect.arrayContaining(['holdfast']),
      typ: 'ID',
    });
    const reasons: string[] = [];
    for (const token of [id_token, refresh_token, await otherRealmToken(keycloak())]) {
      expect(await me(token)).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
      const [line] = await server.api.ports.platformAudit.list(null, 1);
      reasons.push((JSON.parse(line?.line ?? '') as { detail: { reason: string } }).detail.reason);
    }
    expect(reasons).toEqual(['it is no access token', 'its algorithm is not allowed', 'the issuer has no such key']);
  });

  test('who is disabled at Keycloak gets no further token; the last one ends 30 s after its time', async () => {
    const token = await tokenOf(keycloak(), 'dave');
    const [dave] = (await keycloak().admin('GET', '/users?username=dave')) as [{ id: string }];
    await keycloak().admin('PUT', `/users/${dave.id}`, { ...dave, enabled: false });
    await expect(tokenOf(keycloak(), 'dave')).rejects.toThrow('disabled');
    const { iat = 0, exp = 0 } = decodeJwt(token);
    // As the realm says; so the bound is 330 s.
    expect(exp - iat).toBe(300);
    expect((await verifier({}, () => (exp + 29) * 1_000).verify(token)).subject).toBe(dave.id);
    await expect(verifier({}, () => (exp + 31) * 1_000).verify(token)).rejects.toThrow('it has expired');
    await keycloak().admin('PUT', `/users/${dave.id}`, { ...dave, enabled: true });
  });

  test('an organization that is disabled lets nobody in with tokens that are made from then on', async () => {
    const globex = '/organizations/610be000-0000-4000-8000-000000000002';
    const organization = (await keycloak().admin('GET', globex)) as object;
    await keycloak().admin('PUT', globex, { ...organization, enabled: false });
    expect(await me(await tokenOf(keycloak(), 'dave'))).toMatchObject({ status: 403, json: { tenants: [] } });
    await keycloak().admin('PUT', globex, { ...organization, enabled: true });
    expect((await me(await tokenOf(keycloak(), 'dave'))).status).toBe(200);
  });

  test('keys are rotated while tokens come, and no request fails', async () => {
    const issuer = keycloak();
    const realm = (await issuer.admin('GET', '')) as { id: string };
    const keys = (await issuer.admin('GET', '/components?type=org.keycloak.keys.KeyProvider')) as Provider[];
    const old = keys.filter(({ providerId }) => providerId === 'rsa-generated');
    const early = await tokenOf(keycloak(), 'bob');
    const kids = new Set<string>();
    const statuses: number[] = [];
    const use = async (times: number) => {
      for (let index = 0; index < times; index += 1) {
        const token = await tokenOf(keycloak(), 'bob');
        kids.add(decodeProtectedHeader(token).kid ?? '');
        statuses.push((await me(token)).status, (await me(early)).status);
      }
    };
    await use(2);
    const stop = { yet: false };
    const flow = (async () => {
      while (!stop.yet) await use(1);
    })();
    await issuer.admin('POST', '/components', newKeys(realm.id));
    await use(3);
    for (const provider of old)
      await issuer.admin('PUT', `/components/${provider.id}`, {
        ...provider,
        config: { ...provider.config, active: ['false'], enabled: ['false'] },
      });
    await use(3);
    stop.yet = true;
    await flow;
    expect(kids.size).toBe(2);
    expect(new Set(statuses)).toEqual(new Set([200]));
    console.log(`${statuses.length} requests while keys were rotated, all answered 200`);
    // Whoever fetches the keys from now on takes no token of the old one.
    await expect(verifier().verify(early)).rejects.toThrow('the issuer has no such key');
    for (const provider of old) await issuer.admin('PUT', `/components/${provider.id}`, provider);
  });

  test('the issuer is asked at its inside address, and tokens say its public one', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      // As a service in a network of its own sees it: by another name.
      fetch(`${keycloak().url}${request.url}`)
        .then(async (answer) => response.end(await answer.text()))
        .catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const inside = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const identity = await verifier({}, undefined, inside).verify(await tokenOf(keycloak(), 'alice'));
    proxy.close();
    expect(identity.issuer).toBe(keycloak().issuer);
    expect(asked).toEqual([
      '/realms/holdfast/.well-known/openid-configuration',
      '/realms/holdfast/protocol/openid-connect/certs',
    ]);
  });

  test('by another name of its own it says its public one all the same', async () => {
    const inside = keycloak().issuer.replace('127.0.0.1', 'localhost');
    expect((await verifier({}, undefined, inside).verify(await tokenOf(keycloak(), 'alice'))).name).toBe(
      'Alice Builder',
    );
  });

  test('Keycloak is down: known keys go on, unknown ones are neither taken nor refused', async () => {
    const token = await tokenOf(keycloak(), 'alice');
    expect((await me(token)).status).toBe(200);
    const unknown = await signed(await signingKey('unknown'), { ...decodeJwt(token) });
    await keycloak().kill();
    const [known, other] = [await me(token), await me(unknown)];
    await keycloak().start();
    expect(known.status).toBe(200);
    expect(other).toMatchObject({ status: 503, json: { code: 'issuer_unavailable' } });
    expect(other.headers.get('retry-after')).toBe('1');
    expect(await me(unknown)).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
  });
});

interface Provider {
  readonly id: string;
  readonly providerId: string;
  readonly config: Readonly<Record<string, readonly string[]>>;
}

const newKeys = (realm: string) => ({
  name: 'next',
  providerId: 'rsa-generated',
  providerType: 'org.keycloak.keys.KeyProvider',
  parentId: realm,
  config: { priority: ['200'], enabled: ['true'], active: ['true'], algorithm: ['RS256'], keySize: ['2048'] },
});
