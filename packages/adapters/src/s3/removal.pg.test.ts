import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { ArtifactsUnavailable } from '@holdfast/core';
import { digestOf } from '@holdfast/testing';
import { describeSeaweedFs } from '@holdfast/testing/servers';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { S3ArtifactStore } from './artifact-store.ts';
import { makeBucket } from './make-bucket.ts';
import type { S3Settings } from './settings.ts';
import { testBucket } from './test-bucket.suite.ts';

const bytes = new TextEncoder().encode('a report\n');
const digest = digestOf(bytes);
const REMOVAL_MS = 1_000;

/** Strays that are removed, step by step, while somebody writes the same bytes anew. */
describeSeaweedFs('a stray that is removed while it is written', (server) => {
  let settings: S3Settings;
  const opened: S3ArtifactStore[] = [];
  const open = (removalMs = REMOVAL_MS): S3ArtifactStore => {
    const store = new S3ArtifactStore(settings, { removalMs });
    opened.push(store);
    return store;
  };
  beforeAll(async () => {
    settings = testBucket(server().endpoint);
    await makeBucket(settings);
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  /** A run with a stray, as the sweeps of all workers see it. */
  async function stray(removalMs?: number) {
    const ref = { tenant: 'acme', run: randomUUID() };
    const writer = open(removalMs);
    await writer.put(ref, digest, bytes);
    const [file] = await writer.files(ref);
    if (file === undefined) throw new Error('nothing was written');
    let puts = 0;
    around(writer, 'PutObjectCommand', async (send) => {
      const answer = await send();
      puts += 1;
      return answer;
    });
    const written = (): Promise<unknown> => vi.waitUntil(() => puts > 0, { timeout: 10_000 });
    return { ref, file, writer, written };
  }

  /** Wraps each request of the file's own kind that a store sends, each attempt by itself. */
  function around(store: S3ArtifactStore, command: string, wrap: <T>(send: () => Promise<T>) => Promise<T>): void {
    const clients: (S3Client | null)[] = Object.values(store.clients);
    for (const client of clients)
      client?.middlewareStack.add(
        (next, { commandName }) =>
          (args) =>
            commandName === command && (args.input as { Key?: string }).Key?.endsWith(`/${digest}`) === true
              ? wrap(() => next(args))
              : next(args),
        { step: 'deserialize', name: `around${command}` },
      );
  }

  const outcomeOf = (writing: Promise<void>): Promise<'kept' | 'told'> =>
    writing.then(
      () => 'kept',
      (error: unknown) => {
        expect(error).toBeInstanceOf(ArtifactsUnavailable);
        return 'told';
      },
    );

  test('by two workers, of which the slower strikes after the write', async () => {
    // The writer takes the slower for one that has died when it strikes later than that.
    const { ref, file, writer, written } = await stray(10_000);
    const [slow, quick] = [open(), open()];
    let step: 'looking' | 'looked' | 'striking' = 'looking';
    const isAt = (wanted: typeof step) => vi.waitUntil(() => step === wanted, { timeout: 10_000 });
    around(slow, 'DeleteObjectCommand', async (send) => {
      step = 'looked';
      await isAt('striking');
      return send();
    });
    const removing = slow.remove(ref, file);
    await isAt('looked');
    await quick.remove(ref, file);
    expect(await writer.get(ref, digest)).toBeNull();

    const writing = outcomeOf(writer.put(ref, digest, bytes));
    await written();
    step = 'striking';
    await removing;
    expect(await writing).toBe('told');
    await writer.put(ref, digest, bytes);
    expect(await writer.get(ref, digest)).not.toBeNull();
    // The removers have left nothing of their own.
    expect((await writer.files(ref)).map(({ name }) => name)).toEqual([digest]);
  });

  test('by one whose answer is lost, and which is not sent again', async () => {
    const { ref, file, writer, written } = await stray();
    const remover = open();
    const writings: Promise<'kept' | 'told'>[] = [];
    around(remover, 'DeleteObjectCommand', async (send) => {
      const answer = await send();
      if (writings.length > 0) return answer;
      // It was carried out, and in its place the bytes are written anew.
      writings.push(outcomeOf(writer.put(ref, digest, bytes)));
      await written();
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    });
    await expect(remover.remove(ref, file)).rejects.toThrow(ArtifactsUnavailable);
    // The writer does not know that the removal has ended, waits for as long as it could take, and finds its file.
    expect(await Promise.all(writings)).toEqual(['kept']);
    expect(await writer.get(ref, digest)).not.toBeNull();

    // What the removal has left behind goes a day later, by the hand of whoever removes strays then.
    const left = (await writer.files(ref)).filter(({ name }) => name !== digest);
    expect(left.map((each) => each.digest)).toEqual([null]);
    for (const each of left) await writer.remove(ref, each);
    expect((await writer.files(ref)).map(({ name }) => name)).toEqual([digest]);
  });

  test('is removed where a listing tells milliseconds and a HEAD does not, as at MinIO', async () => {
    const { ref, writer } = await stray();
    writer.clients.main.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { Contents = [] } = answer.output as { Contents?: { LastModified?: Date }[] };
        for (const each of Contents)
          if (each.LastModified !== undefined) each.LastModified = new Date(each.LastModified.getTime() + 123);
        return answer;
      },
      { step: 'initialize' },
    );
    for (const file of await writer.files(ref)) await writer.remove(ref, file);
    expect(await writer.files(ref)).toEqual([]);
  });
});
