import type { z } from 'zod';
import { defaultQuotas, defaultRates } from '../limits.ts';
import type { Config } from './config.ts';
import { env, type EnvKey, envKeyNames, metaOf, secretKeys } from './env.ts';

/** The environment as a process gets it. */
export type Environment = Readonly<Record<string, string | undefined>>;

const INHERITED = ['HOME', 'PATH', 'SHELL', 'TERM'];
const MOST_SHOWN = 100;
const DEFAULT_REDIS_PORT = 6_379;

/** One line per key that cannot be used. */
export class EnvInvalid extends Error {
  override readonly name = 'EnvInvalid';
  readonly code = 'env_invalid';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Reads the whole contract at once. Throws `EnvInvalid` with everything that is wrong, passwords hidden. */
export function parseEnv(environment: Environment): Config {
  // What `withSecretFiles` has not taken out: the value would be missed in silence.
  const unread = secretKeys.filter((key) => (environment[`${key}_FILE`]?.trim() ?? '') !== '');
  if (unread.length > 0) {
    throw new EnvInvalid(unread.map((key) => `${key}_FILE: this program reads no secrets from files; set ${key}`));
  }
  const given = Object.fromEntries(
    envKeyNames.flatMap((key) => {
      const value = environment[key]?.trim() ?? '';
      return value === '' ? [] : [[key, value] as const];
    }),
  );
  const parsed = env.safeParse(given);
  if (!parsed.success) {
    // The first issue of each key says enough.
    const first = new Map(parsed.error.issues.toReversed().map((issue) => [issue.path[0], issue.message]));
    throw new EnvInvalid(
      envKeyNames.flatMap((key) => {
        const message = first.get(key);
        return message === undefined ? [] : [problemLine(key, given[key] ?? '', message)];
      }),
    );
  }
  const values = parsed.data;
  const isPglite = values.DATABASE_URL.startsWith('pglite://');
  const alone = (['DATABASE_DIRECT_URL', 'DATABASE_MIGRATE_URL'] as const).filter((key) => values[key] !== undefined);
  if (isPglite && alone.length > 0) {
    throw new EnvInvalid(
      alone.map((key) => problemLine(key, given[key] ?? '', 'is only for a DATABASE_URL that begins with postgres://')),
    );
  }
  if ((values.MODEL_BASE_URL === undefined) !== (values.MODEL_DEFAULT === undefined)) {
    const [key, other] =
      values.MODEL_BASE_URL === undefined
        ? (['MODEL_DEFAULT', 'MODEL_BASE_URL'] as const)
        : (['MODEL_BASE_URL', 'MODEL_DEFAULT'] as const);
    throw new EnvInvalid([problemLine(key, given[key] ?? '', `is only for use with ${other}, which is not set`)]);
  }
  if ((values.TEMPORAL_TLS_CLIENT_CERT_PATH === undefined) !== (values.TEMPORAL_TLS_CLIENT_KEY_PATH === undefined)) {
    const [key, other] =
      values.TEMPORAL_TLS_CLIENT_CERT_PATH === undefined
        ? (['TEMPORAL_TLS_CLIENT_KEY_PATH', 'TEMPORAL_TLS_CLIENT_CERT_PATH'] as const)
        : (['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'] as const);
    throw new EnvInvalid([problemLine(key, given[key] ?? '', `is only for use with ${other}, which is not set`)]);
  }
  for (const [key, needs] of [
    ['S3_ACCESS_KEY', 'S3_ENDPOINT'],
    ['S3_ACCESS_KEY', 'S3_SECRET_KEY'],
    ['S3_SECRET_KEY', 'S3_ACCESS_KEY'],
    ['S3_PUBLIC_ENDPOINT', 'S3_ENDPOINT'],
    ['OIDC_CLIENT_SECRET', 'OIDC_CLIENT_ID'],
    ['OIDC_CLIENT_ID', 'OIDC_ISSUER'],
    ['OIDC_CLI_CLIENT_ID', 'OIDC_ISSUER'],
    ['TEMPORAL_TOKEN_URL', 'TEMPORAL_TOKEN_CLIENT_SECRET'],
    ['TEMPORAL_TOKEN_CLIENT_SECRET', 'TEMPORAL_TOKEN_URL'],
  ] as const) {
    if (values[key] !== undefined && values[needs] === undefined)
      throw new EnvInvalid([problemLine(key, given[key] ?? '', `is only for use with ${needs}, which is not set`)]);
  }
  if (values.REDIS_TLS_CA_PATH !== undefined && !values.REDIS_URL.startsWith('rediss://')) {
    const message = 'is only for a REDIS_URL that begins with rediss://';
    throw new EnvInvalid([problemLine('REDIS_TLS_CA_PATH', given['REDIS_TLS_CA_PATH'] ?? '', message)]);
  }
  const redis = redisOf(values);
  const direct = values.DATABASE_DIRECT_URL ?? values.DATABASE_URL;
  return {
    dataDir: values.DATA_DIR,
    database: isPglite
      ? { kind: 'pglite', folder: values.DATABASE_URL.slice('pglite://'.length) || `${values.DATA_DIR}/database` }
      : { kind: 'postgres' },
    installationId: values.INSTALLATION_ID ?? null,
    connections: {
      poolSize: values.DATABASE_POOL_SIZE,
      statementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: values.DATABASE_LOCK_TIMEOUT_MS,
    },
    redis: redis.server,
    s3: s3Of(values),
    http: {
      host: values.HOST,
      port: values.PORT,
      publicBaseUrl: values.PUBLIC_BASE_URL ?? null,
      corsOrigins: values.CORS_ORIGINS ?? [],
      trustedProxies: values.TRUSTED_PROXIES ?? [],
    },
    limits: {
      rates: values.RATE_LIMITS === undefined ? defaultRates : values.RATE_LIMITS,
      quotas: values.QUOTAS ?? defaultQuotas,
    },
    metricsPort: values.METRICS_PORT === 0 ? null : values.METRICS_PORT,
    worker: { concurrency: values.WORKER_CONCURRENCY, wakeHints: values.WAKE_HINTS === 'on' },
    drainTimeoutMs: values.DRAIN_TIMEOUT_MS,
    auditDays: values.AUDIT_RETENTION_DAYS ?? null,
    tenantSlots: values.TENANT_SLOTS,
    toolServers: {
      file: values.TOOL_SERVERS_FILE ?? null,
      environment: Object.fromEntries(
        INHERITED.flatMap((key) => {
          const value = environment[key];
          return value === undefined ? [] : [[key, value] as const];
        }),
      ),
    },
    oidc: oidcOf(values),
    outboundAllow: values.OUTBOUND_ALLOW ?? [],
    secretsKeyFile: values.SECRETS_URL.slice('local://'.length) || `${values.DATA_DIR}/secrets.key`,
    models: {
      file: values.MODELS_FILE ?? null,
      one:
        values.MODEL_BASE_URL === undefined || values.MODEL_DEFAULT === undefined
          ? null
          : { baseUrl: values.MODEL_BASE_URL, model: values.MODEL_DEFAULT },
    },
    temporal: temporalOf(values),
    logLevel: values.LOG_LEVEL,
    secrets: {
      modelApiKey: values.MODEL_API_KEY ?? null,
      s3:
        values.S3_ACCESS_KEY === undefined || values.S3_SECRET_KEY === undefined
          ? null
          : { accessKey: values.S3_ACCESS_KEY, secretKey: values.S3_SECRET_KEY },
      temporalApiKey: values.TEMPORAL_API_KEY ?? null,
      temporalTokenClientSecret: values.TEMPORAL_TOKEN_CLIENT_SECRET ?? null,
      oidcClientSecret: values.OIDC_CLIENT_SECRET ?? null,
      environment,
      redis: redis.login,
      database: isPglite ? null : { url: values.DATABASE_URL, direct, migrate: values.DATABASE_MIGRATE_URL ?? direct },
    },
  };
}

function redisOf(values: z.output<typeof env>): {
  readonly server: Config['redis'];
  readonly login: Config['secrets']['redis'];
} {
  if (values.REDIS_URL === 'memory://') return { server: null, login: null };
  const { protocol, hostname, port, pathname, username, password } = new URL(values.REDIS_URL);
  const given = (text: string): string | null => (text === '' ? null : decodeURIComponent(text));
  return {
    server: {
      host: decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? DEFAULT_REDIS_PORT : Number(port),
      database: Number(pathname.slice(1)),
      tls: protocol === 'rediss:' ? { caFile: values.REDIS_TLS_CA_PATH ?? null } : null,
    },
    login: { username: given(username), password: given(password) },
  };
}

function s3Of(values: z.output<typeof env>): Config['s3'] {
  if (values.S3_ENDPOINT === undefined) return null;
  return {
    endpoint: values.S3_ENDPOINT,
    publicEndpoint: values.S3_PUBLIC_ENDPOINT ?? null,
    bucket: values.S3_BUCKET,
    region: values.S3_REGION,
    pathStyle: values.S3_PATH_STYLE === 'true',
    encryption: values.S3_ENCRYPTION,
  };
}

function oidcOf(values: z.output<typeof env>): Config['oidc'] {
  if (values.OIDC_ISSUER === undefined) return null;
  return {
    issuer: values.OIDC_ISSUER,
    internalUrl: values.OIDC_INTERNAL_URL ?? null,
    allowHttp: values.OIDC_ALLOW_HTTP === 'true',
    audience: values.OIDC_AUDIENCE,
    claims: {
      tenant: values.OIDC_TENANT_CLAIM,
      roles: values.OIDC_ROLES_CLAIM ?? `resource_access.${values.OIDC_AUDIENCE}.roles`,
      groups: values.OIDC_GROUPS ?? null,
      platform: values.OIDC_PLATFORM_CLAIM,
    },
    provision: values.OIDC_PROVISION === 'on',
    scope: values.OIDC_SCOPE,
    clientId: values.OIDC_CLIENT_ID ?? null,
    cliClientId: values.OIDC_CLI_CLIENT_ID ?? null,
  };
}

function temporalOf(values: z.output<typeof env>): Config['temporal'] {
  if (values.TEMPORAL_ADDRESS === undefined) return null;
  const cert = values.TEMPORAL_TLS_CLIENT_CERT_PATH;
  const key = values.TEMPORAL_TLS_CLIENT_KEY_PATH;
  const tls = {
    serverCa: values.TEMPORAL_TLS_SERVER_CA_CERT_PATH ?? null,
    client: cert === undefined || key === undefined ? null : { cert, key },
    serverName: values.TEMPORAL_TLS_SERVER_NAME ?? null,
  };
  // In a network of one's own it may be declined: the token ends after minutes.
  const bears = values.TEMPORAL_TOKEN_URL !== undefined && values.TEMPORAL_TLS !== 'false';
  const wanted =
    values.TEMPORAL_TLS === 'true' || tls.serverCa !== null || tls.client !== null || tls.serverName !== null;
  return {
    address: values.TEMPORAL_ADDRESS,
    namespace: values.TEMPORAL_NAMESPACE,
    taskQueue: values.TEMPORAL_TASK_QUEUE,
    advanceTaskQueue: values.TEMPORAL_ADVANCE_TASK_QUEUE ?? values.TEMPORAL_TASK_QUEUE,
    tls: wanted || values.TEMPORAL_API_KEY !== undefined || bears ? tls : null,
    token:
      values.TEMPORAL_TOKEN_URL === undefined
        ? null
        : { url: values.TEMPORAL_TOKEN_URL, clientId: values.TEMPORAL_TOKEN_CLIENT_ID },
  };
}

function problemLine(key: EnvKey, value: string, message: string): string {
  const { example, secret } = metaOf(key);
  return `${key}: ${message}; it is ${secret ? masked(value) : shown(value)}; example: ${key}=${example}`;
}

/** Of a value that may hold a password only the scheme is shown, if it has one. */
const masked = (value: string): string => `"${/^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(value)?.[0] ?? ''}***"`;

/** On one line, short, and without the password that a URL may hold even where none belongs. */
function shown(value: string): string {
  const clean = value.replaceAll(/\/\/[^/\s]*@/g, '//***@');
  return JSON.stringify(clean.length > MOST_SHOWN ? `${clean.slice(0, MOST_SHOWN)}…` : clean);
}
