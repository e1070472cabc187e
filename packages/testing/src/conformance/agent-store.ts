import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { draftOf, newTenant } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

/** Versions are numbered without gaps, never change, and are found by number, id and alias. */
export function describeAgentStore(name: string, open: OpenStores): void {
  describe(`agent store: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    test('versions count from one; the same content makes no new one', async () => {
      const scope = await newTenant(stores);
      const { agents } = stores.api;
      const spec = { name: 'a', odd: 'NUL \u0000 half \ud800', list: [1, null] };
      const first = await agents.publish(scope, draftOf('a'), spec, 'one');
      expect(first).toMatchObject({ created: true, version: { number: 1, agent: 'a' } });
      expect(await agents.publish(scope, draftOf('a'), spec, 'one')).toEqual({ ...first, created: false });
      const second = await agents.publish(scope, draftOf('a'), {}, 'two');
      expect(second.version.number).toBe(2);
      // Back to the first content is a new version: only the latest is compared.
      expect((await agents.publish(scope, draftOf('a'), {}, 'one')).version.number).toBe(3);
      expect(await agents.version(scope, 'a', 1)).toEqual({ version: first.version, spec });
      expect(await agents.version(scope, 'a', 4)).toBeNull();
    });

    test('publishing at the same time numbers each once', async () => {
      const scope = await newTenant(stores);
      const published = await Promise.all(
        ['a', 'b', 'c', 'd'].map((hash) => stores.api.agents.publish(scope, draftOf('a'), {}, hash)),
      );
      expect(new Set(published.map(({ version }) => version.number))).toEqual(new Set([1, 2, 3, 4]));
    });

    test('a version is found by its id, by API and worker, in its tenant only', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { version } = await stores.api.agents.publish(scope, draftOf('a'), {}, 'one');
      const worker = await stores.worker('me');
      for (const { agents } of [stores.api, worker]) {
        expect(await agents.versionById(scope, version.id)).toEqual(version);
        expect(await agents.versionById(other, version.id)).toBeNull();
        expect(await agents.versionById(scope, randomUUID())).toBeNull();
        expect(await agents.versionById(scope, 'x')).toBeNull();
      }
    });

    test('agents are listed by name, in pages, with their aliases', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { agents } = stores.api;
      for (const agent of ['c', 'a', 'b']) await agents.publish(scope, draftOf(agent), {}, 'one');
      await agents.publish(scope, draftOf('b'), {}, 'two');
      expect(await agents.setAlias(scope, 'b', 'prod', only(1))).toBe('set');
      expect(await agents.setAlias(scope, 'b', 'canary', only(2))).toBe('set');
      expect(await agents.setAlias(scope, 'b', 'prod', only(2))).toBe('set');
      expect(await agents.setAlias(scope, 'b', 'prod', only(3))).toBe('no-version');
      expect(await agents.setAlias(other, 'b', 'prod', only(1))).toBe('no-version');
      const split = [
        { version: 1, weight: 9 },
        { version: 2, weight: 1 },
      ];
      expect(await agents.setAlias(scope, 'b', 'split', split)).toBe('set');
      expect(await agents.setAlias(scope, 'b', 'split', [...only(1), ...only(3)])).toBe('no-version');
      expect((await agents.list(scope, null, 2)).map(({ name: agent }) => agent)).toEqual(['a', 'b']);
      expect((await agents.list(scope, 'b', 2)).map(({ name: agent }) => agent)).toEqual(['c']);
      const b = await agents.get(scope, 'b');
      expect(b).toMatchObject({ name: 'b', latest: 2, aliases: { prod: only(2), canary: only(2), split } });
      expect(Math.abs((b?.createdAt ?? 0) - stores.clock.now())).toBeLessThan(60_000);
      expect((await agents.get(scope, 'a'))?.aliases).toEqual({});
      expect(await agents.get(scope, 'z')).toBeNull();
      expect(await agents.get(other, 'b')).toBeNull();
      expect(await agents.list(other, null, 10)).toEqual([]);
    });

    test('an alias changes only when it is permitted by what it stands for', async () => {
      const scope = await newTenant(stores);
      const { agents } = stores.api;
      await agents.publish(scope, draftOf('a'), {}, 'one');
      await agents.publish(scope, draftOf('a'), {}, 'two');
      const alias = async () => (await agents.get(scope, 'a'))?.aliases['prod'];
      const seen: unknown[] = [];
      const permits = (answer: boolean) => (current: unknown) => {
        seen.push(current);
        return answer;
      };
      expect(await agents.setAlias(scope, 'a', 'prod', only(1), permits(false))).toBe('stale');
      expect(await alias()).toBeUndefined();
      expect(await agents.setAlias(scope, 'a', 'prod', only(1), permits(true))).toBe('set');
      expect(await agents.setAlias(scope, 'a', 'prod', only(2), permits(false))).toBe('stale');
      expect(await agents.deleteAlias(scope, 'a', 'prod', permits(false))).toBe('stale');
      expect(await alias()).toEqual(only(1));
      expect(await agents.deleteAlias(await newTenant(stores), 'a', 'prod')).toBe('missing');
      expect(await agents.deleteAlias(scope, 'a', 'prod', permits(true))).toBe('deleted');
      expect(await alias()).toBeUndefined();
      expect(await agents.deleteAlias(scope, 'a', 'prod')).toBe('missing');
      expect(seen).toEqual([null, null, only(1), only(1), only(1)]);
    });

    test('versions are listed from the newest, in pages', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { agents } = stores.api;
      for (const hash of ['one', 'two', 'three']) await agents.publish(scope, draftOf('a'), {}, hash);
      const numbers = async (before: number | null, limit: number) =>
        (await agents.versions(scope, 'a', before, limit)).map(({ number }) => number);
      expect(await numbers(null, 2)).toEqual([3, 2]);
      expect(await numbers(2, 2)).toEqual([1]);
      expect(await agents.versions(scope, 'b', null, 9)).toEqual([]);
      expect(await agents.versions(other, 'a', null, 9)).toEqual([]);
    });
  });
}

const only = (version: number) => [{ version, weight: 1 }];
