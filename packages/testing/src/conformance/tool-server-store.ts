import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newTenant } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

const spec = { type: 'mcp', url: 'https://mcp.test/', headers: { authorization: 'secret://a' } } as const;
const draft = (name: string) => ({ name, spec, url: spec.url, listing: null });

/** Servers have a version that grows with each change and guards it. */
export function describeToolServerStore(name: string, open: OpenStores): void {
  describe(`tool server store: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    test('a server is kept as it was put, for API and worker', async () => {
      const scope = await newTenant(stores);
      const listing = [{ name: 'find', description: 'Finds “it”.', input_schema: { type: 'object' } }];
      const put = await stores.api.toolServers.put(scope, { ...draft('crm'), listing }, null);
      expect(put).toMatchObject({ name: 'crm', spec, url: spec.url, listing, version: 1 });
      expect(await stores.api.toolServers.get(scope, 'crm')).toEqual(put);
      const worker = await stores.worker('w');
      expect(await worker.toolServers.get(scope, 'crm')).toEqual(put);
      expect(await worker.toolServers.get(scope, 'other')).toBeNull();
    });

    test('a change names the version that it replaces, or none', async () => {
      const scope = await newTenant(stores);
      const { toolServers } = stores.api;
      expect(await toolServers.put(scope, draft('crm'), 1)).toBeNull();
      expect(await toolServers.put(scope, draft('crm'), 'any')).toBeNull();
      await toolServers.put(scope, draft('crm'), null);
      expect(await toolServers.put(scope, draft('crm'), 1)).toMatchObject({ version: 2 });
      expect(await toolServers.put(scope, draft('crm'), 1)).toBeNull();
      expect(await toolServers.put(scope, draft('crm'), null)).toMatchObject({ version: 3 });
      expect(await toolServers.put(scope, draft('crm'), 'any')).toMatchObject({ version: 4 });
    });

    test('of two changes of one version one wins', async () => {
      const scope = await newTenant(stores);
      await stores.api.toolServers.put(scope, draft('crm'), null);
      const both = await Promise.all([1, 2].map(() => stores.api.toolServers.put(scope, draft('crm'), 1)));
      expect(both.filter((each) => each === null)).toHaveLength(1);
    });

    test('a server is deleted at the version that is named, or at any', async () => {
      const scope = await newTenant(stores);
      const { toolServers } = stores.api;
      expect(await toolServers.delete(scope, 'crm', null)).toBe('missing');
      await toolServers.put(scope, draft('crm'), null);
      expect(await toolServers.delete(scope, 'crm', 2)).toBe('mismatch');
      expect(await toolServers.delete(scope, 'crm', 1)).toBe('deleted');
      expect(await toolServers.get(scope, 'crm')).toBeNull();
    });

    test('the list is by name, in pages, of one tenant', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      for (const each of ['c', 'a', 'b']) await stores.api.toolServers.put(scope, draft(each), null);
      const names = async (after: string | null, limit: number) =>
        (await stores.api.toolServers.list(scope, after, limit)).map((server) => server.name);
      expect(await names(null, 2)).toEqual(['a', 'b']);
      expect(await names('b', 2)).toEqual(['c']);
      expect(await stores.api.toolServers.list(other, null, 9)).toEqual([]);
      expect(await stores.api.toolServers.get(other, 'a')).toBeNull();
    });
  });
}
