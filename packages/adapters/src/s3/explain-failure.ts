import { z } from 'zod';
import type { S3Settings } from './settings.ts';

const failure = z.object({
  name: z.string().default(''),
  message: z.string().default(''),
  code: z.string().optional(),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
});

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'TimeoutError',
  'AbortError',
]);
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

/** What is wrong between here and the bucket, and which setting mends it. */
export function explainFailure(error: unknown, { endpoint, bucket, region }: S3Settings): string {
  const read = failure.safeParse(error);
  const { name, message, code, $metadata } = read.success ? read.data : failure.parse({ message: String(error) });
  const status = $metadata?.httpStatusCode;
  const reason = code ?? name;
  if (unreachable.has(reason))
    return `${endpoint} does not answer (${reason}). Is the store up, and S3_ENDPOINT right?`;
  if (code !== undefined && untrusted.test(code))
    return `the certificate of ${endpoint} is not trusted (${code}). Name its authority in NODE_EXTRA_CA_CERTS`;
  switch (name) {
    case 'NoSuchBucket':
      return `there is no bucket ${bucket} at ${endpoint}. Make it with \`holdfast migrate\`, or see S3_BUCKET`;
    case 'InvalidAccessKeyId':
      return `${endpoint} does not know the access key. See S3_ACCESS_KEY`;
    case 'SignatureDoesNotMatch':
      return `${endpoint} refuses the signature. Is S3_SECRET_KEY that of S3_ACCESS_KEY, and S3_REGION right? A proxy must pass Host on as it is`;
    case 'CredentialsProviderError':
      return 'no credentials were found. Set S3_ACCESS_KEY and S3_SECRET_KEY, or give the process a role';
    case 'ExpiredToken':
    case 'InvalidToken':
      return `the credentials of the process have ended or are not good (${name})`;
    case 'RequestTimeTooSkewed':
      return `the clocks of ${endpoint} and of this machine differ too much. Set both by NTP`;
    case 'AuthorizationHeaderMalformed':
    case 'PermanentRedirect':
    case 'IllegalLocationConstraintException':
      return `the bucket ${bucket} is in another region than ${region}. See S3_REGION: ${message}`;
    case 'InvalidBucketName':
      return `${bucket} cannot be the name of a bucket. See S3_BUCKET`;
    case 'BucketAlreadyExists':
      return `the bucket ${bucket} belongs to somebody else. Choose another S3_BUCKET`;
    case 'AccessDenied':
      return `${endpoint} does not allow it for the bucket ${bucket}: ${message}`;
  }
  if (name.startsWith('KMS.')) return `the key of S3_ENCRYPTION cannot be used (${name}): ${message}`;
  if (status === 403) return `${endpoint} does not let us into the bucket ${bucket} (403)`;
  if (status !== undefined && status >= 500) return `${endpoint} answers with ${status} (${name})`;
  return `${endpoint}: ${[name, message].filter((text) => text !== '').join(': ')}`;
}

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** There is no such object: `NotFound` to a HEAD, which has no body to say more, `NoSuchKey` to all else. */
export const isMissing = (error: unknown): boolean => ['NoSuchKey', 'NotFound'].includes(nameOf(error));
