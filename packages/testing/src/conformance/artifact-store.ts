import { createHash } from 'node:crypto';
import type { ArtifactStore, RunRef, StoredFiles } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** One store that holds nothing yet. */
export interface OpenedArtifactStore {
  readonly store: ArtifactStore & StoredFiles;
  /** A second store over the same place, as another process would open it. */
  reopen(): Promise<ArtifactStore & StoredFiles>;
  /** Makes a file of the store older, as if it was written `ms` before. */
  age(ref: RunRef, name: string, ms: number): Promise<void>;
  /** Leaves what a put leaves that dies in the middle. */
  interrupt(ref: RunRef, digest: string): Promise<void>;
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

    const runs = async (): Promise<readonly RunRef[]> => {
      const found: RunRef[] = [];
      for await (const ref of opened.store.runs()) found.push(ref);
      return found.toSorted((a, b) => (a.tenant + a.run < b.tenant + b.run ? -1 : 1));
    };

    it('names every run that has files, of every tenant', async () => {
      expect(await runs()).toEqual([]);
      for (const ref of [here, otherRun, otherTenant]) await opened.store.put(ref, digest, bytes);
      expect(await runs()).toEqual([here, otherRun, otherTenant]);
    });

    it('names the files of a run with their age, unfinished ones too', async () => {
      expect(await opened.store.files(here)).toEqual([]);
      const before = Date.now() - 2_000;
      await opened.store.put(here, digest, bytes);
      await opened.interrupt(here, digest);
      const files = await opened.store.files(here);
      expect(files).toHaveLength(2);
      expect(new Set(files.map((file) => file.digest))).toEqual(new Set([digest, null]));
      for (const { writtenAt } of files) expect(writtenAt).toBeGreaterThan(before);
      await opened.age(here, digest, 3_600_000);
      const aged = (await opened.store.files(here)).find((file) => file.digest === digest);
      expect(aged?.writtenAt).toBeLessThan(before);
      await opened.store.put(here, digest, bytes);
      const young = (await opened.store.files(here)).find((file) => file.digest === digest);
      expect(young?.writtenAt).toBeGreaterThan(before);
    });

    it('removes one file, again too, and never one that was written anew', async () => {
      const other = new TextEncoder().encode('another\n');
      await opened.store.put(here, digest, bytes);
      await opened.store.put(here, digestOf(other), other);
      await opened.interrupt(here, digest);
      await opened.age(here, digest, 3_600_000);
      const files = await opened.store.files(here);
      await opened.store.put(here, digestOf(other), other);
      for (const file of files.filter(({ digest: one }) => one !== digestOf(other))) {
        await opened.store.remove(here, file);
        await opened.store.remove(here, file);
      }
      expect((await opened.store.files(here)).map(({ name }) => name)).toEqual([digestOf(other)]);
      const stale = files.find((file) => file.digest === digestOf(other));
      if (stale === undefined) throw new Error('the file was not named');
      await opened.store.remove(here, { ...stale, writtenAt: stale.writtenAt - 1 });
      expect(await opened.store.get(here, digestOf(other))).toSatisfy(sameBytes(other));
    });

    it('removes a run with all its files, and no other', async () => {
      for (const ref of [here, otherRun, otherTenant]) await opened.store.put(ref, digest, bytes);
      await opened.interrupt(here, digest);
      await opened.store.removeRun(here);
      await opened.store.removeRun(here);
      expect(await opened.store.get(here, digest)).toBeNull();
      expect(await (await opened.reopen()).files(here)).toEqual([]);
      expect(await runs()).toEqual([otherRun, otherTenant]);
      await opened.store.put(here, digest, bytes);
      expect(await opened.store.get(here, digest)).toSatisfy(sameBytes(bytes));
    });

    it('removes a tenant with all its files, says how many, and no other', async () => {
      for (const ref of [here, otherRun, otherTenant]) await opened.store.put(ref, digest, bytes);
      expect(await opened.store.hasTenant(here)).toBe(true);
      expect(await opened.store.removeTenant(here)).toBe(2);
      expect(await opened.store.removeTenant(here)).toBe(0);
      expect(await opened.store.hasTenant(here)).toBe(false);
      expect(await runs()).toEqual([otherTenant]);
      for (const tenant of ['..', '', 'a/b'])
        await expect(opened.store.removeTenant({ tenant })).rejects.toThrow(/not a tenant id/);
    });

    it('removes the files of a run of which it has none', async () => {
      await opened.store.removeRun(here);
      expect(await runs()).toEqual([]);
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
          await expect(opened.store.files(ref)).rejects.toThrow(/not a (tenant|run) id/);
          await expect(opened.store.removeRun(ref)).rejects.toThrow(/not a (tenant|run) id/);
        }
      },
    );

    it.each(['', '..', 'abc', `${'0'.repeat(63)}G`, `../${'0'.repeat(61)}`, `${'0'.repeat(64)}\n`])(
      'refuses the digest %j',
      async (wrong) => {
        await expect(opened.store.put(here, wrong, bytes)).rejects.toThrow(/not a digest/);
        await expect(opened.store.get(here, wrong)).rejects.toThrow(/not a digest/);
        const file = { name: wrong, digest: wrong, writtenAt: 1 };
        await expect(opened.store.remove(here, file)).rejects.toThrow(/not a file of this store/);
      },
    );
  });
}

const sameBytes = (wanted: Uint8Array) => (found: Uint8Array | null) =>
  found !== null && Buffer.compare(found, wanted) === 0;
