import { createHash, randomUUID } from 'node:crypto';
import type { Finding } from '@holdfast/core';
import { S3ArtifactStore } from './artifact-store.ts';
import type { S3Settings } from './settings.ts';

/** No tenant has such a name, so nobody counts it among theirs. */
const PROBE = '_doctor';

/** Looks whether files can be written, read and removed; leaves nothing behind. */
export async function* examineBucket(settings: S3Settings): AsyncGenerator<Finding, void, undefined> {
  const { bucket, endpoint, publicEndpoint } = settings;
  const store = new S3ArtifactStore(settings);
  const ref = { tenant: PROBE, run: randomUUID() };
  const bytes = new TextEncoder().encode(ref.run);
  const digest = createHash('sha256').update(bytes).digest('hex');
  try {
    // It says best what is wrong.
    await store.ping();
    await store.put(ref, digest, bytes);
    await store.get(ref, digest);
    await store.removeRun(ref);
    yield { check: 'bucket', level: 'ok', detail: `bucket ${bucket} at ${endpoint} takes, gives and removes files` };
    if (publicEndpoint === null)
      yield {
        check: 'bucket links',
        level: 'warn',
        detail: 'S3_PUBLIC_ENDPOINT is not set: every file passes through the API',
      };
  } catch (error) {
    yield { check: 'bucket', level: 'fail', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    await store.close();
  }
}
