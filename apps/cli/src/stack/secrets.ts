import { createHash, randomBytes } from 'node:crypto';

/** The secrets that are made: 32 random bytes, in letters that need no escaping in a URL, in JSON or in SQL. */
export const randomSecrets = [
  'postgres-superuser',
  'postgres-owner',
  'postgres-api',
  'postgres-worker',
  'postgres-keycloak',
  'postgres-temporal',
  'valkey-holdfast',
  'valkey-edge',
  'valkey-health',
  's3-root-secret-key',
  's3-secret-key',
  'keycloak-admin',
  'oidc-client-secret',
  'temporal-worker',
] as const;
type RandomSecret = (typeof randomSecrets)[number];

/** Secrets that come from others: empty until somebody writes them. */
export const givenSecrets = ['model-api-key', 'temporal-api-key', 'edge-cert', 'edge-key'] as const;

export const newSecret = (): string => randomBytes(32).toString('base64url');

const S3_ROOT = 'root';
const S3_HOLDFAST = 'holdfast';

/**
 * What follows from those that were made, each in the form that its reader takes. `acl`: the users of Valkey, with
 * `NAME_PASSWORD_SHA256` where the hash of a password belongs; `bucket`: the one that the store's user may use.
 */
export function derivedSecrets(
  value: (name: RandomSecret) => string,
  acl: string,
  bucket: string,
): Readonly<Record<string, string>> {
  const database = (login: string, name: RandomSecret): string =>
    `postgres://${login}:${value(name)}@postgres:5432/holdfast`;
  const hash = (name: RandomSecret): string => createHash('sha256').update(value(name)).digest('hex');
  return {
    'database-url-owner': database('holdfast_owner', 'postgres-owner'),
    'database-url-api': database('holdfast_api', 'postgres-api'),
    'database-url-worker': database('holdfast_worker', 'postgres-worker'),
    'redis-url': `redis://holdfast:${value('valkey-holdfast')}@valkey:6379/0`,
    'valkey-acl': [
      acl
        .trim()
        .replace('HOLDFAST_PASSWORD_SHA256', hash('valkey-holdfast'))
        .replace('EDGE_PASSWORD_SHA256', hash('valkey-edge')),
      `user health on #${hash('valkey-health')} -@all +ping`,
    ].join('\n'),
    's3-root-access-key': S3_ROOT,
    's3-access-key': S3_HOLDFAST,
    's3-config': JSON.stringify({
      identities: [
        {
          name: S3_ROOT,
          credentials: [{ accessKey: S3_ROOT, secretKey: value('s3-root-secret-key') }],
          actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
        },
        {
          name: S3_HOLDFAST,
          credentials: [{ accessKey: S3_HOLDFAST, secretKey: value('s3-secret-key') }],
          actions: ['Read', 'Write', 'List', 'Tagging'].map((action) => `${action}:${bucket}`),
        },
      ],
    }),
  };
}
