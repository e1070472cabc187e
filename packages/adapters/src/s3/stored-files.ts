import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isMissing } from './explain-failure.ts';

export interface Listed {
  readonly key: string;
  /** ms since 1970, whole seconds */
  readonly at: number;
}

export interface ListedUpload extends Listed {
  readonly uploadId: string;
}

export interface Head {
  readonly size: number;
  /** ms since 1970, whole seconds */
  readonly writtenAt: number;
  readonly etag: string;
}

/** Some servers tell milliseconds in a listing; in a header there is no room for them. */
const wholeSeconds = (at: Date | undefined): number => Math.floor((at?.getTime() ?? 0) / 1_000) * 1_000;

/** null: there is no such object. */
export async function headOf(
  client: S3Client,
  bucket: string,
  key: string,
  options: { readonly abortSignal?: AbortSignal } = {},
): Promise<Head | null> {
  try {
    const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), options);
    return { size: found.ContentLength ?? 0, writtenAt: wholeSeconds(found.LastModified), etag: found.ETag ?? '' };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function* objectsUnder(client: S3Client, bucket: string, prefix: string): AsyncGenerator<Listed, void> {
  for (let token: string | undefined; ;) {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    for (const { Key, LastModified } of page.Contents ?? [])
      if (Key !== undefined && LastModified !== undefined) yield { key: Key, at: wholeSeconds(LastModified) };
    token = page.NextContinuationToken;
    if (token === undefined) return;
  }
}

/** Uploads in parts that were neither completed nor aborted. */
export async function* uploadsUnder(
  client: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<ListedUpload, void> {
  for (let after: { KeyMarker?: string; UploadIdMarker?: string } = {}; ;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...after }));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
      if (Key !== undefined && UploadId !== undefined)
        yield { key: Key, uploadId: UploadId, at: wholeSeconds(Initiated) };
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return;
    after = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
    };
  }
}

export async function abortUpload(client: S3Client, bucket: string, key: string, uploadId: string): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }));
  } catch (error) {
    // It has ended in the meantime, either way.
    if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error;
  }
}

/** One page; with versioning also what was overwritten or removed before, which would be there for good. */
async function versionsUnder(
  client: S3Client,
  bucket: string,
  prefix: string,
): Promise<readonly { readonly Key: string; readonly VersionId?: string }[]> {
  const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }));
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) =>
    Key === undefined ? [] : [{ Key, ...(VersionId === undefined ? {} : { VersionId }) }],
  );
}

/**
 * What an object that was removed has left in a bucket with versioning; in any other nothing happens. Each version is
 * removed by its own id, so nobody loses what is written meanwhile.
 */
export async function removeVersions(client: S3Client, bucket: string, key: string): Promise<void> {
  const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
  const old = (page.Versions ?? []).filter((each) => each.Key === key && each.IsLatest !== true);
  const markers = (page.DeleteMarkers ?? []).filter((each) => each.Key === key);
  // From before the bucket had versioning: what has that id may be another object by the time it is removed.
  const someStay = page.IsTruncated === true || old.some(({ VersionId }) => VersionId === 'null');
  // A marker goes last, and never from above what stays: that would come back.
  for (const { VersionId } of [...old, ...(someStay ? [] : markers)])
    if (VersionId !== undefined && VersionId !== 'null')
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId }));
}

/** Everything under the prefix, in all its versions. May be done again, and go on where it died. */
export async function removeUnder(client: S3Client, bucket: string, prefix: string): Promise<void> {
  for await (const { key, uploadId } of uploadsUnder(client, bucket, prefix))
    await abortUpload(client, bucket, key, uploadId);
  for (;;) {
    const Objects = [...(await versionsUnder(client, bucket, prefix))];
    if (Objects.length === 0) return;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    // The same page would come again and again.
    if (first !== undefined)
      throw Object.assign(new Error(`${Errors.length} objects could not be removed: ${first.Message ?? ''}`), {
        name: first.Code ?? 'DeleteError',
      });
  }
}

export async function isAnythingUnder(client: S3Client, bucket: string, prefix: string): Promise<boolean> {
  if ((await versionsUnder(client, bucket, prefix)).length > 0) return true;
  for await (const _ of uploadsUnder(client, bucket, prefix)) return true;
  return false;
}
