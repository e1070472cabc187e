import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { Environment } from '../harness/environments.ts';

/** The names of all objects in the bucket of a process with these settings, as any client of the store sees them. */
export async function bucketKeys(environment: Environment): Promise<string[]> {
  const { S3_ENDPOINT = '', S3_ACCESS_KEY = '', S3_SECRET_KEY = '' } = environment;
  const client = new S3Client({
    endpoint: S3_ENDPOINT,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY },
  });
  try {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'holdfast' }));
    return Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
  } finally {
    client.destroy();
  }
}
