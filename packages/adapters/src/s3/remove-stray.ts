import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Clients } from './client.ts';
import { encryptionOf } from './encryption.ts';
import type { S3Settings } from './settings.ts';
import { headOf, removeVersions } from './stored-files.ts';

/*
 * S3 cannot look at a file and remove it in one step, several workers may do it at once, and meanwhile somebody may write
 * the same bytes, since they are wanted again. No file that a write has returned for may be lost so.
 *
 * A remover puts a mark of its own beside the file, looks at the file, removes it when it is still the one that was listed,
 * by a request that is sent once, and takes its mark away when that was answered. A writer writes, waits until there are no
 * marks, and then looks whether its file is there.
 *
 * Why that is enough: a removal that strikes after the write has looked before it, and so has put its mark before it. The
 * writer waits for that mark, or it is gone because the removal was answered; so the removal is over when the writer looks,
 * and what it finds is what stays. Removals that look after the write see another time and remove nothing.
 *
 * A removal that was not answered leaves its mark, which the writer believes for as long as a removal can take, no longer.
 * Such a mark is removed like the parts of an upload that broke off. No other mark ever has its name.
 */

/** From before the mark to the removal; one that would be later is not sent. */
export const REMOVE_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 250;

const marksOf = (key: string): string => key.replace(/[^/]+$/, (name) => `.${name}.removing.`);

/** Unless it was written again since. */
export async function removeStray(
  { main, once }: Clients,
  settings: S3Settings,
  key: string,
  writtenAt: number,
): Promise<void> {
  const { bucket: Bucket } = settings;
  const options = { abortSignal: AbortSignal.timeout(REMOVE_WITHIN_MS) };
  const mark = { Bucket, Key: `${marksOf(key)}${randomUUID()}` };
  await main.send(new PutObjectCommand({ ...mark, Body: 'removing', ...encryptionOf(settings) }), options);
  const found = await headOf(main, Bucket, key, options);
  if (found?.writtenAt === writtenAt) {
    await once.send(new DeleteObjectCommand({ Bucket, Key: key }), options);
    await removeVersions(main, Bucket, key);
  }
  await main.send(new DeleteObjectCommand(mark));
  await removeVersions(main, Bucket, mark.Key);
}

/** Waits until nobody is removing the file, or for as long as a removal can take. */
export async function removalsEnded(main: S3Client, bucket: string, key: string, removalMs: number): Promise<void> {
  const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: marksOf(key), MaxKeys: 1 });
  for (const begunAt = performance.now(); ;) {
    const { Contents = [] } = await main.send(list);
    if (Contents.length === 0 || performance.now() - begunAt >= removalMs) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_AGAIN_MS, removalMs)));
  }
}
