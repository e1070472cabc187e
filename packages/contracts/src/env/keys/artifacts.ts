import { z } from 'zod';
import { baseUrl, bucketEncryption, bucketName, oneOf, path } from '../env-values.ts';
import { everywhere } from '../key-meta.ts';

/** Where files lie. */
export const artifactsKeys = {
  DATA_DIR: path.prefault('.holdfast').meta({
    description: 'The folder of all that is kept outside the database: artifacts, and PGlite’s database itself.',
    example: '/var/lib/holdfast',
    default: '.holdfast',
    used: [...everywhere, 'cli'],
    secret: false,
  }),
  S3_ENDPOINT: baseUrl.optional().meta({
    description:
      'The S3 server that keeps the artifacts, at AWS `https://s3.<region>.amazonaws.com`. Without it they are in the folder `artifacts` of DATA_DIR. See docs/components/artifacts.md.',
    example: 'http://s3:8333',
    default: null,
    used: [...everywhere, 'cli'],
    secret: false,
  }),
  S3_PUBLIC_ENDPOINT: baseUrl.optional().meta({
    description:
      'How the world reaches the same server: links for uploads and downloads are signed with it. Without it none are handed out, and every file passes through the API.',
    example: 'https://files.example.com',
    default: null,
    used: [...everywhere, 'cli'],
    secret: false,
  }),
  S3_ACCESS_KEY: z
    .string()
    .optional()
    .meta({
      description:
        'The access key. Without it and S3_SECRET_KEY, what the AWS SDK finds by itself: the role of the task, the pod or the machine.',
      example: 'holdfast',
      default: null,
      used: [...everywhere, 'cli'],
      secret: true,
    }),
  S3_SECRET_KEY: z
    .string()
    .optional()
    .meta({
      description: 'The secret of S3_ACCESS_KEY.',
      example: 'a-long-random-text',
      default: null,
      used: [...everywhere, 'cli'],
      secret: true,
    }),
  S3_BUCKET: bucketName.prefault('holdfast').meta({
    description: 'The bucket. `holdfast migrate` makes it when it is missing.',
    example: 'acme-holdfast',
    default: 'holdfast',
    used: [...everywhere, 'cli'],
    secret: false,
  }),
  S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, { error: 'must be a region such as eu-central-1' })
    .prefault('us-east-1')
    .meta({
      description: 'The region of the bucket. Most servers that are not AWS take any.',
      example: 'eu-central-1',
      default: 'us-east-1',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
  S3_PATH_STYLE: oneOf(['true', 'false'])
    .prefault('true')
    .meta({
      description:
        '`true` = the bucket stands in the path, `false` = in the host name (`<bucket>.<host>`), which must then resolve.',
      example: 'false',
      default: 'true',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
  S3_ENCRYPTION: bucketEncryption.prefault('none').meta({
    description:
      'What each write asks of the store: `none` (the bucket’s own default holds), `AES256`, `aws:kms`, or `aws:kms:<key id>`.',
    example: 'aws:kms:alias/holdfast',
    default: 'none',
    used: [...everywhere, 'cli'],
    secret: false,
  }),
} as const;
