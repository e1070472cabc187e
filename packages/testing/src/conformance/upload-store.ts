import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newTenant } from './sample.ts';
import type { OpenStores, Stores } from './stores.ts';

const sample = () => ({
  id: randomUUID(),
  name: 'a.csv',
  mediaType: 'text/csv',
  size: 5_000_000_000,
  digest: 'a'.repeat(64),
});

/** Uploads are the tenant's own, are completed once, count in megabytes, and are over when they expire. */
export function describeUploadStore(name: string, open: OpenStores): void {
  describe(`upload store: ${name}`, () => {
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    test('is found by its tenant alone, and completed once', async () => {
      const [scope, other] = [await newTenant(stores), await newTenant(stores)];
      const { uploads } = stores.api;
      const upload = sample();
      const made = await uploads.create(scope, upload, 60_000);
      expect(made).toMatchObject({ ...upload, completedAt: null });
      expect(made.expiresAt - made.createdAt).toBe(60_000);
      expect(await uploads.get(scope, upload.id)).toEqual(made);
      expect(await uploads.get(other, upload.id)).toBeNull();
      expect(await uploads.complete(other, upload.id)).toBeNull();
      const completed = await uploads.complete(scope, upload.id);
      expect(completed?.completedAt).toBeGreaterThanOrEqual(made.createdAt);
      expect(await uploads.complete(scope, upload.id)).toEqual(completed);
    });

    test('is gone when it has expired, and counts no more', async () => {
      const scope = await newTenant(stores);
      const { uploads, limits } = stores.api;
      const [over, open] = [sample(), { ...sample(), size: 1_000_001 }];
      await uploads.create(scope, over, -1);
      await uploads.create(scope, open, 60_000);
      expect(await uploads.get(scope, over.id)).toBeNull();
      expect(await uploads.complete(scope, over.id)).toBeNull();
      expect(await limits.count(scope, 'upload_megabytes')).toMatchObject({ used: 2 });
    });
  });
}
