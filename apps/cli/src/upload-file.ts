import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import type { Holdfast } from '@holdfast/sdk';
import { Failure } from './failure.ts';
import { hashOfFile } from './hash-of-file.ts';

/** The id of a complete upload. The file is read twice or more, a piece at a time: for its digest, and to be sent. */
export async function uploadFile({ uploads }: Holdfast, path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) throw new Failure(`There is no file ${path}.`);
  const digest = await hashOfFile(path);
  const upload = await uploads.create({ name: basename(path), size: found.size, digest });
  // Node's own stream of the web is that of `fetch`; only their types are two.
  const bytes = (): ReadableStream<Uint8Array> =>
    Readable.toWeb(createReadStream(path)) as NodeStream<Uint8Array> as ReadableStream<Uint8Array>;
  await uploads.send(upload, bytes);
  return (await uploads.complete(upload.id)).id;
}
