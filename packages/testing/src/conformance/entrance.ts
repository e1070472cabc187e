import { randomUUID } from 'node:crypto';
import type { EnterOptions, TenantClaim, TokenIdentity } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenStores, Stores } from './stores.ts';

const MINUTE = 60_000;

export function describeEntrance(name: string, open: OpenStores): void {
  describe(`entrance: ${name}`, () => {
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
      stores.api.entrance.enter(identity, claim, {
        slots: 5,
        only: null,
        ids: { tenant: randomUUID(), member: randomUUID() },
        ...options,
      });
    const made = async (identity: TokenIdentity, claim: TenantClaim) => {
      const entered = await enter(identity, claim);
      if (entered === null || entered.member === null) throw new Error('nobody entered');
      return { tenant: entered.tenant, member: entered.member };
    };

    test('the first token makes tenant and member, later ones find both', async () => {
      const [identity, claim] = [alice(), claimOf()];
      expect(await enter(identity, claim, { slots: null })).toBeNull();
      const first = await made(identity, claim);
      expect(first).toMatchObject({ member: { name: 'Alice', roles: [], disabledAt: null } });
      expect(first.member.lastSeenAt % MINUTE).toBe(0);
      const later = await enter(identity, claim, { slots: null });
      // A minute may have begun since.
      const lastSeenAt = later?.member?.lastSeenAt ?? 0;
      expect(later).toEqual({ ...first, member: { ...first.member, lastSeenAt } });
      expect(lastSeenAt).toBeGreaterThanOrEqual(first.member.lastSeenAt);
      expect(lastSeenAt % MINUTE).toBe(0);
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

    test('of organizations of one name that come at once, one gets the tenant that was made here', async () => {
      const claim = claimOf();
      const { tenant } = await made(alice(), { ...claim, externalId: null });
      const entered = await Promise.all(
        Array.from({ length: 8 }, () => enter(alice(), { ...claim, externalId: randomUUID() })),
      );
      expect(entered.filter((one) => one !== null)).toHaveLength(1);
      expect(await stores.api.members.list({ tenant }, null, 10)).toHaveLength(2);
    });

    test('lines of the platform tell who made a tenant, and to which organization one was bound', async () => {
      const [first, second, claim] = [alice(), alice(), claimOf()];
      const { tenant } = await made(first, { ...claim, externalId: null });
      await made(second, claim);
      const lines = (await stores.api.platformAudit.list(null, 200)).map(({ operation, line }) => ({
        operation,
        ...(JSON.parse(line) as { tenant: string; by: { id: string }; detail: object }),
      }));
      expect(lines.filter((line) => line.tenant === tenant)).toMatchObject([
        { operation: 'tenants.update', by: { id: second.subject }, detail: { external_id: claim.externalId } },
        { operation: 'tenants.create', by: { id: first.subject }, detail: { name: claim.name } },
      ]);
    });

    test('only the tenant that was chosen is entered', async () => {
      const [identity, claim] = [alice(), claimOf()];
      const { tenant } = await made(alice(), claim);
      expect(await enter(identity, claim, { only: randomUUID() })).toBeNull();
      expect(await stores.api.members.list({ tenant }, null, 10)).toHaveLength(1);
      expect((await enter(identity, claim, { only: tenant }))?.tenant).toBe(tenant);
      expect((await enter(identity, claim, { only: claim.name }))?.tenant).toBe(tenant);
      expect(await enter(identity, claimOf(), { only: tenant })).toBeNull();
    });

    test('a disabled member stays as it was, an enabled one is seen again', async () => {
      const [identity, claim] = [alice(), claimOf()];
      const { tenant, member } = await made(identity, claim);
      const { members } = stores.api;
      await members.update({ tenant }, member.id, { roles: ['admin'], disabled: true });
      expect((await made({ ...identity, name: 'Other' }, claim)).member).toMatchObject({
        name: 'Alice',
        roles: ['admin'],
        disabledAt: expect.any(Number),
      });
      await members.update({ tenant }, member.id, { roles: ['admin'], disabled: false });
      expect((await made({ ...identity, name: 'Other' }, claim)).member).toMatchObject({
        name: 'Other',
        roles: ['admin'],
      });
    });

    test('nobody enters a suspended tenant, and nobody becomes a member of it', async () => {
      const [identity, claim] = [alice(), claimOf()];
      const { tenant } = await made(identity, claim);
      await stores.api.transactions.run({ tenant }, async ({ tenants }) => {
        await tenants.lock({ tenant });
        await tenants.suspend({ tenant });
      });
      for (const who of [identity, alice()]) expect(await enter(who, claim)).toEqual({ tenant, member: null });
      expect(await stores.api.members.list({ tenant }, null, 10)).toHaveLength(1);
    });
  });
}
