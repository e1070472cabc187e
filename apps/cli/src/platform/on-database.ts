import type { OpenDatabase } from '@holdfast/adapters/postgres';
import { duration, parseEnv, type TenantResource } from '@holdfast/contracts';
import type { PlatformRequest, Tenant } from '@holdfast/core';
import type { Surroundings } from '../settings.ts';
import { noTenantCalled, type Platform } from './platform.ts';

/** Whoever has the database's password is the platform. */
const who: PlatformRequest = { by: { type: 'system', id: 'cli', roles: [] }, requestId: '' };
const PAGE = 200;

/** On the database itself, so that it needs neither a running API nor an identity provider. */
export async function platformOnDatabase(database: OpenDatabase, { env }: Surroundings): Promise<Platform> {
  const core = await import('@holdfast/core');
  const stores = await database.api();
  const ports = { ...stores, clock: database.clock };
  const shown = async (changed: Promise<Tenant>): Promise<TenantResource> => core.tenantResourceOf(await changed);
  return {
    idOf: async (nameOrId) => {
      const [named] = await stores.tenants.list(null, 1, nameOrId);
      const found = (await stores.tenants.get({ tenant: nameOrId })) ?? named;
      if (found === undefined) throw noTenantCalled(nameOrId);
      return found.id;
    },
    list: async function* list() {
      for (let after: string | null = null; ;) {
        const page: readonly Tenant[] = await stores.tenants.list(after, PAGE, null);
        yield* page.map(core.tenantResourceOf);
        after = page.at(-1)?.id ?? null;
        if (page.length < PAGE) return;
      }
    },
    get: async (id) => {
      const found = await stores.tenants.get({ tenant: id });
      if (found === null) throw core.noTenant(id);
      return core.tenantResourceOf(found);
    },
    create: async ({ name, slots, weight = 1, external_id: externalId = null, key: withKey = false }) => {
      const draft = { name, slots: slots ?? parseEnv(env).tenantSlots, weight, externalId };
      const { tenant, key } = await core.makeTenant(stores, who, draft, withKey);
      return { ...core.tenantResourceOf(tenant), api_key: key };
    },
    update: (id, { external_id: externalId, ...change }) =>
      shown(core.updateTenant(stores, who, id, { ...change, ...(externalId === undefined ? {} : { externalId }) })),
    suspend: (id, reason) => shown(core.suspendTenant(stores, who, id, reason)),
    resume: (id) => shown(core.resumeTenant(stores, who, id)),
    delete: (id, grace) => shown(core.deleteTenant(ports, who, id, duration.parse(grace))),
    keep: (id) => shown(core.keepTenant(stores, who, id)),
    export: async function* exported(id, files) {
      const { openConfiguredArtifacts } = await import('@holdfast/adapters/artifacts');
      const artifacts = await openConfiguredArtifacts(parseEnv(env));
      await core.noteExport(stores, who, id, files);
      try {
        for await (const line of core.exportTenant({ ...ports, artifacts }, id, { files })) yield `${line}\n`;
      } finally {
        await artifacts.close();
      }
    },
    verifyAudit: async () => core.platformVerificationOf(await core.verifyPlatformAudit(stores.platformAudit)),
    audit: async function* audit(limit) {
      let before: number | null = null;
      for (let left = limit; left > 0; left -= PAGE) {
        const page = await stores.platformAudit.list(before, Math.min(left, PAGE));
        yield* page.map(core.platformAuditLineOf);
        before = page.at(-1)?.number ?? null;
        if (page.length < PAGE) return;
      }
    },
  };
}
