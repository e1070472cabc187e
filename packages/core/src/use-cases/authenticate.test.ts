import { describe, expect, test } from 'vitest';
import { newKey, newSecretOf, parseKey, sameText } from './api-key.ts';
import type { Member } from '../identity/member.ts';
import { IssuerUnavailable, type TokenIdentity, TokenRefused } from '../identity/token-verifier.ts';
import {
  authenticate,
  authenticatePlatform,
  type AuthenticationPorts,
  mayGoOn,
  verifyCredentials,
} from './authenticate.ts';
import { DatabaseUnavailable } from '../log/run-store.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { FoundKey } from './key-store.ts';

const tenant = '01920000-0000-7000-8000-000000000001';
const other = '01920000-0000-7000-8000-000000000002';
const { stored: draft, text } = newKey(tenant, 'test', ['builder'], 1_000);
const key: FoundKey = {
  ...draft,
  previousHash: null,
  previousUntil: null,
  revokedAt: null,
  lastUsedAt: 0,
  createdAt: 0,
  tenant: { name: 'acme', suspendedAt: null },
  memberDisabled: false,
};
const holding = (stored: FoundKey, used: number[] = []) => ({
  find: (scope: TenantScope, id: string) =>
    Promise.resolve(scope.tenant === tenant && id === stored.id ? stored : null),
  used: (_scope: TenantScope, _id: string, minute: number) => Promise.resolve(void used.push(minute)),
});
const keys = holding(key);
const nobody = { enter: () => Promise.resolve(null) };
const ports = (held: AuthenticationPorts['keys']): AuthenticationPorts => ({
  keys: held,
  entrance: nobody,
  tokens: null,
  sessions: null,
});
const sent = (authorization: string | undefined) => ({ authorization, tenant: null });

test('a key tells its tenant and the effective roles', async () => {
  const caller = await authenticate(ports(keys), sent(`Bearer ${text}`), 999);
  expect(caller).toEqual({
    tenant,
    by: { type: 'api-key', id: key.id, roles: ['builder', 'operator', 'viewer'] },
    name: 'test',
    until: null,
  });
});

test.each([
  ['no header', undefined],
  ['another scheme', `Basic ${text}`],
  ['no key', 'Bearer '],
  ['malformed', 'Bearer hf_1_2_3'],
  ['a wrong secret', `Bearer ${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`],
  ['another tenant', `Bearer ${text.replace(tenant.replaceAll('-', ''), other.replaceAll('-', ''))}`],
])('%s is refused', async (_what, header) => {
  await expect(authenticate(ports(keys), sent(header), 0)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a key is verified whatever it may do, and its use is not noted', async () => {
  const used: number[] = [];
  const suspended = { ...key, lastUsedAt: null, tenant: { name: 'acme', suspendedAt: 1 }, memberDisabled: true };
  const ask = (authorization: string, now: number) =>
    verifyCredentials(ports(holding(suspended, used)), sent(authorization), now);
  await ask(`Bearer ${text}`, 999);
  expect(used).toEqual([]);
  await expect(ask(`Bearer ${text}`, 1_000)).rejects.toMatchObject({ code: 'key_expired' });
  await expect(ask(`Bearer ${newSecretOf(tenant, key.id).text}`, 999)).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('a key is nobody above all tenants, and refused as anywhere when it is not good', async () => {
  const ask = (authorization: string, now: number) => authenticatePlatform(ports(keys), sent(authorization), now);
  expect(await ask(`Bearer ${text}`, 999)).toMatchObject({ by: { id: key.id }, platformAdmin: false });
  await expect(ask(`Bearer ${text}`, 1_000)).rejects.toMatchObject({ code: 'key_expired' });
  await expect(ask(`Bearer ${text}0`, 999)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('an expired key is refused', async () => {
  await expect(authenticate(ports(keys), sent(`Bearer ${text}`), 1_000)).rejects.toMatchObject({ code: 'key_expired' });
});

test('a revoked key is refused, whatever else it is', async () => {
  await expect(authenticate(ports(holding({ ...key, revokedAt: 1 })), sent(`Bearer ${text}`), 0)).rejects.toMatchObject(
    {
      code: 'key_expired',
    },
  );
});

test('a good key of a suspended tenant is refused, and a bad one is told nothing', async () => {
  const suspended = ports(holding({ ...key, tenant: { name: 'acme', suspendedAt: 1 } }));
  await expect(authenticate(suspended, sent(`Bearer ${text}`), 0)).rejects.toMatchObject({
    code: 'tenant_suspended',
    status: 403,
  });
  expect(await mayGoOn(suspended, sent(`Bearer ${text}`), 'runs.get', 0)).toBe(false);
  const other = newSecretOf(tenant, key.id).text;
  await expect(authenticate(suspended, sent(`Bearer ${other}`), 0)).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('a key of a disabled member is refused', async () => {
  const disabled = ports(holding({ ...key, memberDisabled: true }));
  await expect(authenticate(disabled, sent(`Bearer ${text}`), 0)).rejects.toMatchObject({ code: 'member_disabled' });
});

test('what goes on needs the role for it all the time', async () => {
  for (const [operation, may] of [
    ['runs.get', true],
    ['members.list', false],
  ] as const)
    expect(await mayGoOn(ports(keys), sent(`Bearer ${text}`), operation, 0)).toBe(may);
});

describe('after a rotation', () => {
  const next = newSecretOf(tenant, key.id);
  const rotated = holding({
    ...key,
    secretHash: next.secretHash,
    previousHash: key.secretHash,
    previousUntil: 500,
  });

  test('the old secret is good until its time, the new one goes on', async () => {
    for (const secret of [text, next.text])
      expect((await authenticate(ports(rotated), sent(`Bearer ${secret}`), 499)).by.id).toBe(key.id);
    await expect(authenticate(ports(rotated), sent(`Bearer ${text}`), 500)).rejects.toMatchObject({
      code: 'key_expired',
    });
    expect((await authenticate(ports(rotated), sent(`Bearer ${next.text}`), 999)).by.id).toBe(key.id);
  });

  test('another secret stays unknown', async () => {
    const other = newSecretOf(tenant, key.id).text;
    await expect(authenticate(ports(rotated), sent(`Bearer ${other}`), 0)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('the last use', () => {
  const forever = { ...key, expiresAt: null };

  test('is noted by the minute, and not for each request', async () => {
    const used: number[] = [];
    await authenticate(ports(holding({ ...forever, lastUsedAt: null }, used)), sent(`Bearer ${text}`), 61_234);
    await authenticate(ports(holding({ ...forever, lastUsedAt: 60_000 }, used)), sent(`Bearer ${text}`), 119_999);
    await authenticate(ports(holding({ ...forever, lastUsedAt: 60_000 }, used)), sent(`Bearer ${text}`), 120_000);
    expect(used).toEqual([60_000, 120_000]);
  });

  test('is not worth a request when the database takes no writes', async () => {
    const used = () => Promise.reject(new DatabaseUnavailable('read only'));
    const readOnly = { ...holding({ ...forever, lastUsedAt: null }), used };
    expect((await authenticate(ports(readOnly), sent(`Bearer ${text}`), 0)).by.id).toBe(key.id);
  });

  test('is not noted for a secret that is refused', async () => {
    const used: number[] = [];
    const revoked = holding({ ...forever, lastUsedAt: null, revokedAt: 1 }, used);
    await expect(authenticate(ports(revoked), sent(`Bearer ${text}`), 61_234)).rejects.toMatchObject({
      code: 'key_expired',
    });
    expect(used).toEqual([]);
  });
});

test('the secret is not stored', () => {
  expect(JSON.stringify(draft)).not.toContain(parseKey(text)?.secret);
});

test('texts are compared whole', () => {
  expect(sameText('abc', 'abc')).toBe(true);
  expect(sameText('abc', 'abcd')).toBe(false);
  expect(sameText('abcd', 'abc')).toBe(false);
  expect(sameText('', '')).toBe(true);
});

test.each([
  ['acme', null],
  [tenant, null],
  ['globex', 'tenant_forbidden'],
  [other, 'tenant_forbidden'],
])('a key that asks for the tenant %s: %s', async (chosen, code) => {
  const asked = authenticate(ports(keys), { ...sent(`Bearer ${text}`), tenant: chosen }, 0);
  if (code === null) expect((await asked).tenant).toBe(tenant);
  else await expect(asked).rejects.toMatchObject({ code, members: { tenants: ['acme'] } });
});

describe('with a token', () => {
  const identity: TokenIdentity = {
    issuer: 'https://id.example.com',
    subject: 'ada',
    kind: 'person',
    name: 'Ada',
    email: null,
    tenants: [{ externalId: null, name: 'acme', roles: ['viewer'] }],
    platformAdmin: false,
    session: null,
    expiresAt: 9_000,
  };
  const member: Member = {
    ...identity,
    id: 'm',
    roles: ['auditor'],
    disabledAt: null,
    createdAt: 0,
    lastSeenAt: 0,
  };
  const world = (verify: () => Promise<TokenIdentity>, entered: Member | null = member): AuthenticationPorts => ({
    keys,
    entrance: { enter: () => Promise.resolve({ tenant, member: entered }) },
    tokens: { verifier: { verify }, slots: null },
    sessions: null,
  });
  const good = () => Promise.resolve(identity);

  test('the caller has the roles of the token and those given here, until it ends', async () => {
    expect(await authenticate(world(good), sent('Bearer a.b.c'), 0)).toEqual({
      tenant,
      by: { type: 'person', id: 'm', roles: ['viewer', 'auditor'] },
      name: 'Ada',
      until: 9_000,
    });
  });

  test('whoever was let in goes on while nobody knows, and no longer once it is known', async () => {
    const letIn = (verify: () => Promise<TokenIdentity>, entered?: Member | null) =>
      mayGoOn(world(verify, entered), sent('Bearer a.b.c'), 'runs.get', 0);
    expect(await letIn(good)).toBe(true);
    expect(await letIn(() => Promise.reject(new IssuerUnavailable('it is down')))).toBe(true);
    expect(await letIn(() => Promise.reject(new TokenRefused('it has expired')))).toBe(false);
    expect(await letIn(good, { ...member, disabledAt: 1 })).toBe(false);
    expect(await letIn(good, null)).toBe(false);
    await expect(letIn(() => Promise.reject(new DatabaseUnavailable('it is down')))).rejects.toThrow('it is down');
  });

  test('a token says whether its bearer is an admin of the platform', async () => {
    const enter = (who: TokenIdentity | null) =>
      authenticatePlatform(
        world(() => (who === null ? Promise.reject(new TokenRefused('no')) : Promise.resolve(who))),
        sent('Bearer a.b.c'),
        0,
      );
    const by = { type: 'person', id: 'ada', roles: [] };
    expect(await enter({ ...identity, platformAdmin: true })).toEqual({ by, platformAdmin: true });
    expect(await enter(identity)).toEqual({ by, platformAdmin: false });
    await expect(enter(null)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('the session of a browser', () => {
  const identity: TokenIdentity = {
    issuer: 'https://id.test',
    subject: 'ada',
    kind: 'person',
    name: 'Ada',
    email: null,
    tenants: [{ externalId: null, name: 'acme', roles: ['viewer'] }],
    platformAdmin: true,
    session: null,
    expiresAt: 1_000,
  };
  const member: Member = {
    id: 'm1',
    kind: 'person',
    issuer: identity.issuer,
    subject: 'ada',
    name: 'Ada',
    email: null,
    roles: [],
    disabledAt: null,
    createdAt: 0,
    lastSeenAt: 0,
  };
  const held = (accessToken: (secret: string) => Promise<string | null>): AuthenticationPorts => ({
    keys,
    entrance: { enter: () => Promise.resolve({ tenant, member }) },
    tokens: { slots: null, verifier: { verify: () => Promise.resolve(identity) } },
    sessions: { accessToken },
  });
  const cookie = { authorization: undefined, session: 'c', tenant: null };
  const good = held((secret) => Promise.resolve(secret === 'c' ? 'a.b.c' : null));

  test('is let in as its token is, and has no end of its own', async () => {
    const byToken = await authenticate(good, sent('Bearer a.b.c'), 0);
    expect(byToken.until).toBe(1_000);
    expect(await authenticate(good, cookie, 0)).toEqual({ ...byToken, until: null });
    expect((await authenticatePlatform(good, cookie, 0)).by.id).toBe('ada');
  });

  test('is verified without anybody entering a tenant', async () => {
    const entrance = { enter: () => Promise.reject(new Error('nobody enters')) };
    await verifyCredentials({ ...good, entrance }, cookie, 0);
    await verifyCredentials({ ...good, entrance }, { ...sent('Bearer a.b.c'), tenant: 'any' }, 0);
    for (const bad of [{ ...cookie, session: 'another' }, sent(undefined), sent('Basic a.b.c')])
      await expect(verifyCredentials(good, bad, 0)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('that is over lets nobody in, nor one where there are none', async () => {
    const over = { ...cookie, session: 'another' };
    for (const where of [good, { ...good, sessions: null }])
      await expect(authenticate(where, over, 0)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await mayGoOn(good, over, 'runs.get', 0)).toBe(false);
  });

  test('ends its streams when its token has ended and the issuer gives no other', async () => {
    const away = held(() => Promise.reject(new IssuerUnavailable('away')));
    expect(await mayGoOn(away, cookie, 'runs.get', 0)).toBe(false);
    expect(await mayGoOn(good, cookie, 'runs.get', 0)).toBe(true);
  });
});
