import { type Agent } from 'node:http';
import { CreateBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { ArtifactsUnavailable } from '@holdfast/core';
import { clientsOf, closeClients } from './client.ts';
import { explainFailure, nameOf } from './explain-failure.ts';
import type { S3Settings } from './settings.ts';

/** Makes the bucket when it is missing; one that is there is left as it is. @throws ArtifactsUnavailable */
export async function makeBucket(settings: S3Settings, agent?: Agent): Promise<'made' | 'there'> {
  const clients = clientsOf(settings, agent);
  try {
    return (await isThere(clients.main, settings.bucket)) ? 'there' : await make(clients.main, settings);
  } catch (error) {
    throw new ArtifactsUnavailable(explainFailure(error, settings), { cause: error });
  } finally {
    closeClients(clients);
  }
}

async function isThere(client: S3Client, bucket: string): Promise<boolean> {
  try {
    await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
    return true;
  } catch (error) {
    if (nameOf(error) === 'NoSuchBucket') return false;
    throw error;
  }
}

async function make(client: S3Client, { bucket, region }: S3Settings): Promise<'made' | 'there'> {
  try {
    await client.send(
      new CreateBucketCommand({
        Bucket: bucket,
        // The one region that must not be named, at AWS.
        ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }),
      }),
    );
    return 'made';
  } catch (error) {
    // Somebody was quicker.
    if (nameOf(error) === 'BucketAlreadyOwnedByYou') return 'there';
    throw error;
  }
}
