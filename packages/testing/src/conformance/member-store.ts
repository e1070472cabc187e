import { randomUUID } from 'node:crypto';
import type { EnterOptions, TenantClaim, TokenIdentity } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenStores, Stores } from './stores.ts';

const MINUTE = 60_000;

export function describeMemberStore(name: string, open: OpenStores): void {
  describe(`member store: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const alice = (): TokenIdentity => ({
      issuer: 'https://id.example.com',
      subject: randomUUID(),
      kind: 'person',
      name: 'Alice',
      email: 'alice@example.com',
      tenants: [],
      platformAdmin: false,
      session: null,
      expiresAt: 0,
    });
    const claimOf = (claim: Partial<TenantClaim> = {}): TenantClaim => ({
      externalId: randomUUID(),
      name: `acme ${randomUUID()}`,
      roles: [],
      ...claim,
    });
    const enter = (identity: TokenIdentity, claim: TenantClaim, options: Partial<EnterOptions> = {}) =>
      stores.api.members.enter(identity, claim, {
        slots: 5,
        only: null,
        ids: { tenant: randomUUID(), member: randomUUID() },
        ...options,
      });
    const made = async (identity: TokenIdentity, claim: TenantClaim) => {
      const entered = await enter(identity, claim);
      if (entered === null) throw new Error('nobody entered');
      return entered;
    };

    test('the first token makes tenant and member, later ones find both', async () => {
      const [identity, claim] = [alice(), claimOf()];
      expect(await enter(identity, claim, { slots: null })).toBeNull();
      const first = await made(identity, claim);
      expect(first).toMatchObject({ suspendedAt: null, member: { name: 'Alice', roles: [], disabledAt: null } });
      expect(first.member.lastSeenAt % MINUTE).toBe(0);
      expect(await enter(identity, claim, { slots: null })).toEqual(first);
      expect(await stores.installation.tenantByName(claim.name)).toBe(first.tenant);
    });

    test('many first tokens at once make one tenant and one member', async () => {
      const [identity, claim] = [alice(), claimOf()];
      const entered = await Promise.all(Array.from({ length: 8 }, () => made(identity, claim)));
      expect(new Set(entered.map(({ tenant, member }) => `${tenant} ${member.id}`)).size).toBe(1);
    });

    test('a tenant is known by its id for ever, whatever its name is', async () => {
      const [identity, claim] = [alice(), claimOf()];
      const { tenant } = await made(identity, claim);
      expect((await made(identity, { ...claim, name: 'renamed' })).tenant).toBe(tenant);
      // Another organization that got the name is another tenant: it does not get in.
      expect(await enter(identity, { ...claim, externalId: randomUUID() })).toBeNull();
      expect((await made(identity, claimOf({ externalId: null, name: claim.externalId ?? '' }))).tenant).toBe(tenant);
    });

    test('a tenant that was made here belongs to the first organization of its name', async () => {
      const claim = claimOf();
      const { tenant } = await made(alice(), { ...claim, externalId: null });
      expect((await made(alice(), claim)).tenant).toBe(tenant);
      expect(await enter(alice(), { ...claim, externalId: randomUUID() })).toBeNull();
    });

    test('nobody enters the row of the platform', async () => {
      expect(await enter(alice(), claimOf({ externalId: null, name: '/platform' }))).toBeNull();
    });

    test('only the tenant that was chosen is entered', async () => {
      const [identity, claim] = [alice(), claimOf()];
      const { tenant } = await made(alice(), claim);
      expect(await enter(identity, claim, { only: randomUUID() })).toBeNull();
      expect(await stores.api.members.list({ tenant }, null, 10)).toHaveLength(1);
      expect((await enter(identity, claim, { only: tenant }))?.tenant).toBe(tenant);
      expect(await enter(identity, claimOf(), { only: tenant })).toBeNull();
    });

    test('roles are given, members are disabled and enabled, in their tenant alone', async () => {
      const [identity, claim] = [alice(), claimOf()];
      const { tenant, member } = await made(identity, claim);
      const other = await made(alice(), claimOf());
      const { members } = stores.api;
      expect(await members.update(other, member.id, { roles: ['admin'], disabled: true })).toBeNull();
      expect(await members.get(other, member.id)).toBeNull();
      expect(await members.update({ tenant }, member.id, { roles: ['admin'], disabled: true })).toMatchObject({
        roles: ['admin'],
        disabledAt: expect.any(Number),
      });
      expect((await made({ ...identity, name: 'Other' }, claim)).member).toMatchObject({
        name: 'Alice',
        roles: ['admin'],
        disabledAt: expect.any(Number),
      });
      expect(await members.update({ tenant }, member.id, { roles: null, disabled: false })).toMatchObject({
        roles: ['admin'],
        disabledAt: null,
      });
      expect((await made({ ...identity, name: 'Other' }, claim)).member.name).toBe('Other');
      expect((await members.list({ tenant }, null, 10)).map(({ id }) => id)).toEqual([member.id]);
    });
  });
}
