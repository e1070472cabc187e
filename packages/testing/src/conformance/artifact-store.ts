import { createHash } from 'node:crypto';
import type { ArtifactStore } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** One store that holds nothing yet. */
export interface OpenedArtifactStore {
  readonly store: ArtifactStore;
  /** A second store over the same place, as another process would open it. */
  reopen(): Promise<ArtifactStore>;
  close(): Promise<void>;
}

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What every ArtifactStore must do; call it at the top of a test file. */
export function artifactStoreConformance(name: string, open: () => Promise<OpenedArtifactStore>): void {
  describe(`${name} as an artifact store`, () => {
    const here = { tenant: 'acme', run: '01980000-0000-7000-8000-000000000001' };
    const otherRun = { ...here, run: '01980000-0000-7000-8000-000000000002' };
    const otherTenant = { ...here, tenant: 'globex' };
    const bytes = new TextEncoder().encode('a report\n');
    const digest = digestOf(bytes);

    let opened: OpenedArtifactStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened.close();
    });

    it('gives back what was put, also to another process', async () => {
      await opened.store.put(here, digest, bytes);
      expect(await opened.store.get(here, digest)).toSatisfy(sameBytes(bytes));
      const second = await opened.reopen();
      expect(await second.get(here, digest)).toSatisfy(sameBytes(bytes));
    });

    it('keeps every byte, none included', async () => {
      const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      for (const each of [all, new Uint8Array(0)]) {
        await opened.store.put(here, digestOf(each), each);
        expect(await opened.store.get(here, digestOf(each))).toSatisfy(sameBytes(each));
      }
    });

    it('answers null for a file that is not there', async () => {
      expect(await opened.store.get(here, digest)).toBeNull();
      await opened.store.put(here, digest, bytes);
      expect(await opened.store.get(here, digestOf(new Uint8Array([1])))).toBeNull();
    });

    it('shares nothing across runs and tenants', async () => {
      await opened.store.put(here, digest, bytes);
      expect(await opened.store.get(otherRun, digest)).toBeNull();
      expect(await opened.store.get(otherTenant, digest)).toBeNull();
    });

    it('takes the same bytes again, at once and at the same time', async () => {
      await opened.store.put(here, digest, bytes);
      await Promise.all(Array.from({ length: 8 }, () => opened.store.put(here, digest, bytes)));
      expect(await opened.store.get(here, digest)).toSatisfy(sameBytes(bytes));
    });

    it('refuses bytes that do not have the digest, and keeps what was there', async () => {
      const wrong = new TextEncoder().encode('another report\n');
      await expect(opened.store.put(here, digest, wrong)).rejects.toThrow(/digest/);
      expect(await opened.store.get(here, digest)).toBeNull();
      await opened.store.put(here, digest, bytes);
      await expect(opened.store.put(here, digest, wrong)).rejects.toThrow(/digest/);
      expect(await opened.store.get(here, digest)).toSatisfy(sameBytes(bytes));
    });

    it.each(['..', '.', '', '../acme', 'a/b', '/etc', 'a\\b', 'a\0b', `a\n`, 'Acme', 'x'.repeat(129)])(
      'refuses the id %j',
      async (id) => {
        for (const ref of [
          { ...here, tenant: id },
          { ...here, run: id },
        ]) {
          await expect(opened.store.put(ref, digest, bytes)).rejects.toThrow(/not a (tenant|run) id/);
          await expect(opened.store.get(ref, digest)).rejects.toThrow(/not a (tenant|run) id/);
        }
      },
    );

    it.each(['', '..', 'abc', `${'0'.repeat(63)}G`, `../${'0'.repeat(61)}`, `${'0'.repeat(64)}\n`])(
      'refuses the digest %j',
      async (wrong) => {
        await expect(opened.store.put(here, wrong, bytes)).rejects.toThrow(/not a digest/);
        await expect(opened.store.get(here, wrong)).rejects.toThrow(/not a digest/);
      },
    );
  });
}

const sameBytes = (wanted: Uint8Array) => (found: Uint8Array | null) =>
  found !== null && Buffer.compare(found, wanted) === 0;
