import type { Config } from '@holdfast/contracts';
import { Failure } from './failure.ts';

/** The bucket of the artifacts; null when they are not in one. @throws Failure when it is not there and cannot be made. */
export async function makeBucket({ s3, secrets }: Config): Promise<'made' | 'there' | null> {
  if (s3 === null) return null;
  const adapter = await import('@holdfast/adapters/s3');
  try {
    return await adapter.makeBucket({ ...s3, credentials: secrets.s3 });
  } catch (error) {
    throw new Failure(
      `The bucket of the artifacts cannot be prepared: ${error instanceof Error ? error.message : ''}.`,
    );
  }
}
