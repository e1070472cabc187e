import { type Holdfast, HoldfastError } from '@holdfast/sdk';
import { noTenantCalled, type Platform } from './platform.ts';

/** As the platform admin whose token the client has. */
export const platformOverApi = ({ tenants, platformAudit }: Holdfast): Platform => ({
  idOf: async (nameOrId) => {
    try {
      return (await tenants.get(nameOrId)).value.id;
    } catch (error) {
      // 400: it cannot be an id.
      if (!(error instanceof HoldfastError && [400, 404].includes(error.status))) throw error;
    }
    const [named] = (await tenants.list({ name: nameOrId }).page()).items;
    if (named === undefined) throw noTenantCalled(nameOrId);
    return named.id;
  },
  list: () => tenants.list({ limit: 200 }),
  get: async (id) => (await tenants.get(id)).value,
  create: (draft) => tenants.create(draft),
  update: async (id, change) => {
    const { value, etag } = await tenants.get(id);
    const { name, external_id, slots, weight } = value;
    return tenants.update(id, { name, external_id, slots, weight, ...change }, { ifMatch: etag ?? undefined });
  },
  suspend: (id, reason) => tenants.suspend(id, reason === null ? {} : { reason }),
  resume: (id) => tenants.resume(id),
  delete: (id, grace) => tenants.delete(id, { grace }),
  keep: (id) => tenants.keep(id),
  export: (id, files) => tenants.export(id, { files }),
  verifyAudit: () => platformAudit.verify(),
  audit: (limit) => firstOf(platformAudit.list({ limit: Math.min(limit, 200) }), limit),
});

async function* firstOf<T>(items: AsyncIterable<T>, most: number): AsyncGenerator<T> {
  let given = 0;
  for await (const item of items) {
    yield item;
    given += 1;
    if (given === most) return;
  }
}
