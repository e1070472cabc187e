import { randomUUID } from 'node:crypto';
import { rotateSecretKey, type SealedSecret, type SealedValue, type TenantScope } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newTenant } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

const sealedAs =
  (text: string, keyId = 'key') =>
  (version: number): SealedValue => ({ keyId, nonce: 'nonce', ciphertext: `${text} ${version}` });

/** Versions of a name grow for ever; a change names the version it is built on; the worker reads, tenants are apart. */
export function describeSecretRows(name: string, open: OpenStores): void {
  describe(`secret rows: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const one = async (scope: TenantScope, secret = 'token'): Promise<SealedSecret | undefined> =>
      (await stores.api.secrets.read(scope, [secret]))[0];

    test('each value has a higher version, and the last one is read, by the worker too', async () => {
      const scope = await newTenant(stores);
      const { secrets } = stores.api;
      expect(await secrets.put(scope, 'token', null, sealedAs('a'))).toMatchObject({ name: 'token', version: 1 });
      const second = await secrets.put(scope, 'token', null, sealedAs('b'));
      expect(second).toMatchObject({ version: 2 });
      const expected = { name: 'token', version: 2, keyId: 'key', nonce: 'nonce', ciphertext: 'b 2' };
      const worker = await stores.worker('me');
      for (const side of [stores.api, worker])
        expect(await side.secrets.read(scope, ['token', 'other'])).toEqual([expected]);
      expect(Math.abs((second?.updatedAt ?? 0) - stores.clock.now())).toBeLessThan(60_000);
    });

    test('a change is made only of the version that it expects', async () => {
      const scope = await newTenant(stores);
      const { secrets } = stores.api;
      for (const expected of [1, 'any'] as const)
        expect(await secrets.put(scope, 'token', expected, sealedAs('x'))).toBeNull();
      await secrets.put(scope, 'token', null, sealedAs('a'));
      expect(await secrets.put(scope, 'token', 2, sealedAs('x'))).toBeNull();
      expect(await secrets.delete(scope, 'token', 2)).toBe('mismatch');
      expect(await one(scope)).toMatchObject({ ciphertext: 'a 1' });
      expect(await secrets.put(scope, 'token', 1, sealedAs('b'))).toMatchObject({ version: 2 });
      expect(await secrets.put(scope, 'token', 'any', sealedAs('c'))).toMatchObject({ version: 3 });
      expect(await secrets.delete(scope, 'token', 3)).toBe('deleted');
    });

    test('what is deleted is gone, and its versions never come again', async () => {
      const scope = await newTenant(stores);
      const { secrets } = stores.api;
      expect(await secrets.delete(scope, 'token', null)).toBe('missing');
      await secrets.put(scope, 'token', null, sealedAs('a'));
      expect(await secrets.delete(scope, 'token', null)).toBe('deleted');
      expect(await secrets.delete(scope, 'token', null)).toBe('missing');
      expect(await one(scope)).toBeUndefined();
      expect(await secrets.list(scope, null, 10)).toEqual([]);
      expect(await secrets.put(scope, 'token', 1, sealedAs('b'))).toBeNull();
      expect(await secrets.put(scope, 'token', null, sealedAs('b'))).toMatchObject({ version: 2 });
    });

    test('values that are set at the same time have a version each', async () => {
      const scope = await newTenant(stores);
      const set = await Promise.all(
        ['a', 'b', 'c'].map((text) => stores.api.secrets.put(scope, 'token', null, sealedAs(text))),
      );
      expect(new Set(set.map((summary) => summary?.version))).toEqual(new Set([1, 2, 3]));
    });

    test('names are listed in pages, each tenant its own', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { secrets } = stores.api;
      for (const secret of ['c', 'a', 'b']) await secrets.put(scope, secret, null, sealedAs(secret));
      const names = async (after: string | null, limit: number): Promise<string[]> =>
        (await secrets.list(scope, after, limit)).map((row) => row.name);
      expect(await names(null, 2)).toEqual(['a', 'b']);
      expect(await names('b', 2)).toEqual(['c']);
      expect(await secrets.list(other, null, 10)).toEqual([]);
      expect(await one(other, 'a')).toBeUndefined();
      expect(await secrets.delete(other, 'a', null)).toBe('missing');
    });

    test('when the key changes, every secret of every tenant is sealed anew', async () => {
      const scopes = [await newTenant(stores), await newTenant(stores)];
      const before = randomUUID();
      const count = 120;
      for (const scope of scopes)
        for (let index = 0; index < count; index += 1)
          await stores.api.secrets.put(scope, `n${index}`, null, sealedAs('v', before));
      const after = randomUUID();
      const seen: ReadonlySet<string>[] = [];
      const cipher = {
        newKey: (inUse: ReadonlySet<string>) => {
          seen.push(inUse);
          return after;
        },
        open: (_place: unknown, sealed: SealedValue) => sealed.ciphertext,
        seal: (_place: unknown, value: string) => ({ keyId: after, nonce: 'new', ciphertext: value }),
      };
      const { keyId, resealed } = await rotateSecretKey(stores.sealed, cipher);
      expect(keyId).toBe(after);
      expect(resealed).toBeGreaterThanOrEqual(2 * count);
      expect(seen[0]?.has(before)).toBe(true);
      expect(await stores.sealed.keysInUse()).toEqual(new Set([after]));
      for (const scope of scopes)
        expect(await one(scope, 'n7')).toMatchObject({ version: 1, keyId: after, nonce: 'new', ciphertext: 'v 1' });
      expect((await rotateSecretKey(stores.sealed, cipher)).resealed).toBe(0);
    });
  });
}
