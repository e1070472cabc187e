import type { ServerSideEncryption } from '@aws-sdk/client-s3';
import type { S3Settings } from './settings.ts';

/** What each write asks of the store. */
export function encryptionOf({ encryption }: S3Settings): {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
} {
  switch (encryption.type) {
    case 'none':
      return {};
    case 'AES256':
      return { ServerSideEncryption: 'AES256' };
    case 'aws:kms':
      return {
        ServerSideEncryption: 'aws:kms',
        ...(encryption.keyId === null ? {} : { SSEKMSKeyId: encryption.keyId }),
      };
  }
}

/** The same as headers, which the sender of a signed PUT must send. */
export function encryptionHeaders({ encryption }: S3Settings): Readonly<Record<string, string>> {
  if (encryption.type === 'none') return {};
  const headers = { 'x-amz-server-side-encryption': encryption.type };
  if (encryption.type === 'AES256' || encryption.keyId === null) return headers;
  return { ...headers, 'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId };
}
