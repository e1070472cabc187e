import { randomUUID } from 'node:crypto';
import type { S3Settings } from './settings.ts';

/** A bucket of its own on a server of tests, with the keys that these know; not made yet. */
export const testBucket = (endpoint: string, given: Partial<S3Settings> = {}): S3Settings => ({
  endpoint,
  publicEndpoint: null,
  bucket: `test-${randomUUID()}`,
  region: 'us-east-1',
  pathStyle: true,
  encryption: { type: 'none' },
  credentials: { accessKey: 'testkey', secretKey: 'testsecret' },
  ...given,
});
