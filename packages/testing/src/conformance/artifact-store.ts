import { createHash } from 'node:crypto';
import { ArtifactDamaged, ArtifactsBusy, type Artifacts, ArtifactsUnavailable, type RunRef } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** One store that holds nothing yet. */
export interface OpenedArtifactStore {
  readonly store: Artifacts;
  /** A second store over the same place, as another process would open it. */
  reopen(): Promise<Artifacts>;
  /** Makes a file of the store older, as if it was written `ms` before. */
  age(ref: RunRef, name: string, ms: number): Promise<void>;
  /** Leaves what a put leaves that dies in the middle. */
  interrupt(ref: RunRef, digest: string): Promise<void>;
  /** Changes a file behind the store's back. */
  damage(ref: RunRef, digest: string, bytes: Uint8Array): Promise<void>;
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

    const megabyte = (seed: number): Uint8Array => Buffer.alloc(1_000_000, `megabyte ${seed}`);
    async function* pieces(count: number, until = count): AsyncGenerator<Uint8Array, void, undefined> {
      for (let index = 0; index < until; index += 1) yield await Promise.resolve(megabyte(index));
    }
    const digestOfPieces = (count: number): string => {
      const hash = createHash('sha256');
      for (let index = 0; index < count; index += 1) hash.update(megabyte(index));
      return hash.digest('hex');
    };
    const read = async (ref: RunRef, wanted: string): Promise<{ size: number; digest: string } | null> => {
      const found = await opened.store.open(ref, wanted);
      if (found === null) return null;
      const hash = createHash('sha256');
      for await (const piece of found.bytes) hash.update(piece);
      return { size: found.size, digest: hash.digest('hex') };
    };

    // Below, at and above what S3 takes in one request, and nothing at all.
    it.each([0, 1, 7, 21])('takes and gives %i megabytes a piece at a time', async (count) => {
      const wanted = digestOfPieces(count);
      expect(await opened.store.putStream(here, wanted, pieces(count), count * 1_000_000)).toBe(count * 1_000_000);
      expect(await read(here, wanted)).toEqual({ size: count * 1_000_000, digest: wanted });
      expect((await opened.store.get(here, wanted))?.length).toBe(count * 1_000_000);
      expect((await opened.store.files(here)).map(({ name }) => name)).toEqual([wanted]);
      // The same bytes again, over what is there.
      await opened.store.putStream(here, wanted, pieces(count), count * 1_000_000);
      expect(await read(here, wanted)).toEqual({ size: count * 1_000_000, digest: wanted });
    });

    it.each([1, 21])('leaves nothing of a stream of %i megabytes that is refused or breaks off', async (count) => {
      const wanted = digestOfPieces(count);
      const broken = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
        yield* pieces(count);
        await Promise.resolve();
        throw new Error('the client went away');
      };
      const most = count * 1_000_000;
      const put = (bytes: AsyncIterable<Uint8Array>, limit = most): Promise<number> =>
        opened.store.putStream(here, wanted, bytes, limit);
      await expect(put(broken())).rejects.toThrow(/the client went away/);
      await expect(put(pieces(count, count - 1))).rejects.toThrow(/do not have the digest/);
      await expect(put(pieces(count), most - 1)).rejects.toThrow(/more than \d+ bytes/);
      expect(await opened.store.open(here, wanted)).toBeNull();
      expect(await opened.store.files(here)).toEqual([]);
      await put(pieces(count));
      await expect(put(pieces(count, count - 1))).rejects.toThrow(/do not have the digest/);
      expect(await read(here, wanted)).toEqual({ size: most, digest: wanted });
    });

    it('opens nothing where nothing is, and lets go of what is read in part', async () => {
      expect(await opened.store.open(here, digest)).toBeNull();
      const wanted = digestOfPieces(7);
      await opened.store.putStream(here, wanted, pieces(7), 7_000_000);
      const found = await opened.store.open(here, wanted);
      let first = 0;
      for await (const piece of found?.bytes ?? []) {
        first = piece.length;
        break;
      }
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThan(7_000_000);
    });

    it('goes on with everything else while more files are read at once than it lets through', async () => {
      await opened.store.put(here, digest, bytes);
      const large = digestOfPieces(9);
      await opened.store.putStream(here, large, pieces(9), 9_000_000);
      const others = Array.from({ length: 4 }, (_, index) => ({ ...here, tenant: `tenant-${index}` }));
      for (const each of others) await opened.store.copy(here, each, large);
      const reads = await Promise.all(
        Array.from({ length: 80 }, async (_, index) => {
          const found = await opened.store.open(others[index % 4] ?? here, large);
          if (found === null) throw new Error('the file is not there');
          return found.bytes[Symbol.asyncIterator]();
        }),
      );
      await Promise.all(
        reads.map(async (reading) => {
          const piece = await reading.next().catch((error: unknown) => error);
          if (piece instanceof Error) expect(piece).toBeInstanceOf(ArtifactsBusy);
        }),
      );
      // None of them was read to its end.
      await opened.store.ping();
      await opened.store.put(otherRun, digest, bytes);
      expect(await opened.store.get(otherRun, digest)).toSatisfy(sameBytes(bytes));
      for (const reading of reads) await reading.return?.();
      expect(await read(here, large)).toEqual({ size: 9_000_000, digest: large });
    });

    it('says so when a file is no longer what it was', async () => {
      await opened.store.put(here, digest, bytes);
      await opened.damage(here, digest, new TextEncoder().encode('a rep0rt\n'));
      await expect(opened.store.get(here, digest)).rejects.toThrow(ArtifactDamaged);
      await expect(read(here, digest)).rejects.toThrow(ArtifactDamaged);
    });

    it('copies to another run, and nothing where nothing is', async () => {
      const wanted = digestOfPieces(7);
      await opened.store.putStream(here, wanted, pieces(7), 7_000_000);
      expect(await opened.store.copy(here, otherRun, wanted)).toBe(true);
      expect(await opened.store.copy(here, otherRun, digest)).toBe(false);
      await opened.store.removeRun(here);
      expect(await read(otherRun, wanted)).toEqual({ size: 7_000_000, digest: wanted });
      expect(await opened.store.copy(here, otherRun, wanted)).toBe(false);
    });

    it('accepts what is there with its size, and nothing else', async () => {
      expect(await opened.store.accept(here, digest, bytes.length)).toBe('absent');
      await opened.store.put(here, digest, bytes);
      expect(await opened.store.accept(here, digest, bytes.length)).toBe('there');
      expect(await opened.store.accept(here, digest, bytes.length + 1)).toBe('wrong');
    });

    it('answers', async () => {
      await expect(opened.store.ping()).resolves.toBeUndefined();
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
      await opened.store.remove(here, { ...stale, writtenAt: stale.writtenAt - 1_000 });
      expect(await opened.store.get(here, digestOf(other))).toSatisfy(sameBytes(other));
    });

    it('tells whoever writes a file that others remove, or keeps it', async () => {
      const files = Array.from({ length: 6 }, (_, index) => new TextEncoder().encode(`stray ${index}\n`));
      const removers = [await opened.reopen(), await opened.reopen()];
      for (const each of files) await opened.store.put(here, digestOf(each), each);
      for (const each of files) await opened.age(here, digestOf(each), 3_600_000);
      const strays = await opened.store.files(here);
      const kept = await Promise.all(
        strays.map(async (stray, index) => {
          const each = files.find((bytes) => digestOf(bytes) === stray.name);
          if (each === undefined) throw new Error(`nobody wrote ${stray.name}`);
          const removing = removers.map((remover) => remover.remove(here, stray));
          // Some before anything was looked at, some in between, some when it is over.
          if (index % 3 === 1) await Promise.race(removing);
          if (index % 3 === 2) await Promise.all(removing);
          const isKept = await opened.store.put(here, stray.name, each).then(
            () => true,
            (error: unknown) => {
              if (error instanceof ArtifactsUnavailable) return false;
              throw error;
            },
          );
          await Promise.all(removing);
          return isKept ? stray.name : null;
        }),
      );
      const left = new Set((await opened.store.files(here)).map(({ name }) => name));
      expect(kept.filter((name) => name !== null && !left.has(name))).toEqual([]);
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

    it('removes a tenant with all its files, and no other', async () => {
      for (const ref of [here, otherRun, otherTenant]) await opened.store.put(ref, digest, bytes);
      expect(await opened.store.hasTenant(here)).toBe(true);
      // Twice: it may be done again.
      for (let time = 0; time < 2; time += 1) await opened.store.removeTenant(here);
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
