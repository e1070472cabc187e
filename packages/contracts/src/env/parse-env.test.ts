import { defaultQuotas, defaultRates } from '../limits.ts';
import { describe, expect, it } from 'vitest';
import { env, envKeyNames, envKeys, metaOf } from './env.ts';
import { EnvInvalid, type Environment, parseEnv } from './parse-env.ts';

function problemsOf(environment: Environment): readonly string[] {
  try {
    parseEnv(environment);
  } catch (error) {
    if (error instanceof EnvInvalid) return error.problems;
    throw error;
  }
  return [];
}

/** Without the copy of the environment. */
function read(environment: Environment): object {
  const { secrets, ...config } = parseEnv(environment);
  const { environment: _, ...keys } = secrets;
  return { ...config, secrets: keys };
}

const bearing = { TEMPORAL_TOKEN_URL: 'http://id/token', TEMPORAL_TOKEN_CLIENT_SECRET: 'tc-1' };

describe('parseEnv', () => {
  it('needs nothing', () => {
    expect(parseEnv({})).toEqual({
      dataDir: '.holdfast',
      database: { kind: 'pglite', folder: '.holdfast/database' },
      installationId: null,
      connections: { poolSize: 10, statementTimeoutMs: 30_000, lockTimeoutMs: 10_000 },
      redis: null,
      s3: null,
      http: { host: '127.0.0.1', port: 7070, publicBaseUrl: null, corsOrigins: [], trustedProxies: [] },
      limits: { rates: defaultRates, quotas: defaultQuotas },
      metricsPort: null,
      worker: { concurrency: 50, wakeHints: true },
      drainTimeoutMs: 25_000,
      auditDays: null,
      tenantSlots: 100,
      toolServers: { file: null, environment: {} },
      oidc: null,
      outboundAllow: [],
      secretsKeyFile: '.holdfast/secrets.key',
      models: { file: null, one: null },
      logLevel: 'info',
      temporal: null,
      secrets: {
        database: null,
        modelApiKey: null,
        temporalApiKey: null,
        temporalTokenClientSecret: null,
        oidcClientSecret: null,
        redis: null,
        s3: null,
        environment: {},
      },
    });
  });

  it('reads every key', () => {
    const config = parseEnv({
      INSTALLATION_ID: 'acme-staging',
      DATABASE_POOL_SIZE: '20',
      DATABASE_STATEMENT_TIMEOUT_MS: '60000',
      DATABASE_LOCK_TIMEOUT_MS: '0',
      DATABASE_URL: 'postgresql://a:pw1@db/x',
      DATABASE_DIRECT_URL: 'postgres://a:pw2@db/x',
      DATABASE_MIGRATE_URL: 'postgres://o:pw3@db/x',
      REDIS_URL: 'rediss://us%2Fer:p%40ss@cache:6380/3',
      REDIS_TLS_CA_PATH: '/tls/redis.pem',
      DATA_DIR: '/data',
      S3_ENDPOINT: 'http://s3:8333/',
      S3_PUBLIC_ENDPOINT: 'https://files.example.com',
      S3_ACCESS_KEY: 'ak-1',
      S3_SECRET_KEY: 'sk-2',
      S3_BUCKET: 'acme-files',
      S3_REGION: 'eu-central-1',
      S3_PATH_STYLE: 'false',
      S3_ENCRYPTION: 'aws:kms:alias/holdfast',
      HOST: '0.0.0.0',
      PORT: '0',
      PUBLIC_BASE_URL: 'https://h.example.com/base//',
      CORS_ORIGINS: 'https://app.example.com, http://localhost:5173,',
      AUDIT_RETENTION_DAYS: '400',
      TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,fd00::/8,',
      RATE_LIMITS: 'caller.read=1, address.auth = 2',
      QUOTAS: 'webhooks=0,agents=7',
      TOOL_SERVERS_FILE: '/etc/tools.json',
      OUTBOUND_ALLOW: 'crm.internal, crm.internal:8080,10.1.0.0/16,[::1]:80,',
      SECRETS_URL: 'local:///etc/holdfast/secrets.key',
      MODEL_BASE_URL: 'http://gpu:8000/v1/',
      MODEL_DEFAULT: 'qwen',
      MODEL_API_KEY: 'sk-1',
      MODELS_FILE: '/etc/models.yaml',
      TEMPORAL_ADDRESS: 'temporal.internal:7233',
      TEMPORAL_NAMESPACE: 'prod',
      TEMPORAL_TASK_QUEUE: 'runs',
      TEMPORAL_ADVANCE_TASK_QUEUE: 'work',
      TEMPORAL_API_KEY: 'tk-1',
      TEMPORAL_TOKEN_URL: 'https://id/token',
      TEMPORAL_TOKEN_CLIENT_ID: 'workers',
      TEMPORAL_TOKEN_CLIENT_SECRET: 'tc-1',
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/tls/ca.pem',
      TEMPORAL_TLS_CLIENT_CERT_PATH: '/tls/client.pem',
      TEMPORAL_TLS_CLIENT_KEY_PATH: '/tls/client.key',
      TEMPORAL_TLS_SERVER_NAME: 'temporal',
      LOG_LEVEL: 'silent',
      METRICS_PORT: '9464',
      WORKER_CONCURRENCY: '7',
      TENANT_SLOTS: '8',
      WAKE_HINTS: 'off',
      DRAIN_TIMEOUT_MS: '0',
      OIDC_ISSUER: 'https://id.example.com/realms/x',
      OIDC_INTERNAL_URL: 'http://keycloak:8080',
      OIDC_ALLOW_HTTP: 'true',
      OIDC_AUDIENCE: 'api://holdfast',
      OIDC_TENANT_CLAIM: 'groups',
      OIDC_ROLES_CLAIM: 'app.roles',
      OIDC_GROUPS: '/tenants/{tenant}/{role}',
      OIDC_PLATFORM_CLAIM: 'app.platform',
      OIDC_PROVISION: 'on',
      OIDC_CLIENT_ID: 'web',
      OIDC_CLIENT_SECRET: 'oc-1',
      OIDC_CLI_CLIENT_ID: 'cli',
      OIDC_SCOPE: 'openid groups',
      HOME: '/root',
      PATH: '/bin',
      AWS_SECRET_ACCESS_KEY: 'never passed on',
    });
    const { secrets, ...shown } = config;
    expect(shown).toEqual({
      dataDir: '/data',
      database: { kind: 'postgres' },
      installationId: 'acme-staging',
      connections: { poolSize: 20, statementTimeoutMs: 60_000, lockTimeoutMs: 0 },
      s3: {
        endpoint: 'http://s3:8333',
        publicEndpoint: 'https://files.example.com',
        bucket: 'acme-files',
        region: 'eu-central-1',
        pathStyle: false,
        encryption: { type: 'aws:kms', keyId: 'alias/holdfast' },
      },
      http: {
        host: '0.0.0.0',
        port: 0,
        publicBaseUrl: 'https://h.example.com/base',
        corsOrigins: ['https://app.example.com', 'http://localhost:5173'],
        trustedProxies: ['10.0.0.0/8', '192.0.2.1', 'fd00::/8'],
      },
      limits: {
        rates: { ...defaultRates, 'caller.read': 1, 'address.auth': 2 },
        quotas: { ...defaultQuotas, webhooks: 0, agents: 7 },
      },
      metricsPort: 9464,
      worker: { concurrency: 7, wakeHints: false },
      drainTimeoutMs: 0,
      auditDays: 400,
      tenantSlots: 8,
      toolServers: { file: '/etc/tools.json', environment: { HOME: '/root', PATH: '/bin' } },
      oidc: {
        issuer: 'https://id.example.com/realms/x',
        internalUrl: 'http://keycloak:8080',
        allowHttp: true,
        audience: 'api://holdfast',
        claims: { tenant: 'groups', roles: 'app.roles', groups: '/tenants/{tenant}/{role}', platform: 'app.platform' },
        provision: true,
        scope: 'openid groups',
        clientId: 'web',
        cliClientId: 'cli',
      },
      outboundAllow: ['crm.internal', 'crm.internal:8080', '10.1.0.0/16', '[::1]:80'],
      redis: { host: 'cache', port: 6380, database: 3, tls: { caFile: '/tls/redis.pem' } },
      secretsKeyFile: '/etc/holdfast/secrets.key',
      models: { file: '/etc/models.yaml', one: { baseUrl: 'http://gpu:8000/v1', model: 'qwen' } },
      temporal: {
        address: 'temporal.internal:7233',
        namespace: 'prod',
        taskQueue: 'runs',
        advanceTaskQueue: 'work',
        tls: {
          serverCa: '/tls/ca.pem',
          client: { cert: '/tls/client.pem', key: '/tls/client.key' },
          serverName: 'temporal',
        },
        token: { url: 'https://id/token', clientId: 'workers' },
      },
      logLevel: 'silent',
    });
    expect(secrets.modelApiKey).toBe('sk-1');
    expect(secrets.s3).toEqual({ accessKey: 'ak-1', secretKey: 'sk-2' });
    expect(secrets.temporalApiKey).toBe('tk-1');
    expect(secrets.redis).toEqual({ username: 'us/er', password: 'p@ss' });
    expect(secrets.temporalTokenClientSecret).toBe('tc-1');
    expect(secrets.oidcClientSecret).toBe('oc-1');
    expect(secrets.environment['AWS_SECRET_ACCESS_KEY']).toBe('never passed on');
    expect(secrets.database).toEqual({
      url: 'postgresql://a:pw1@db/x',
      direct: 'postgres://a:pw2@db/x',
      migrate: 'postgres://o:pw3@db/x',
    });
  });

  it.each([
    ['none', { type: 'none' }],
    ['AES256', { type: 'AES256' }],
    ['aws:kms', { type: 'aws:kms', keyId: null }],
    ['aws:kms:arn:aws:kms:eu-central-1:1:key/a-b', { type: 'aws:kms', keyId: 'arn:aws:kms:eu-central-1:1:key/a-b' }],
  ])('reads the encryption %s', (text, encryption) => {
    expect(parseEnv({ S3_ENDPOINT: 'http://s3', S3_ENCRYPTION: text }).s3?.encryption).toEqual(encryption);
  });

  it.each([
    [{ S3_ENCRYPTION: 'aes' }, /S3_ENCRYPTION: must be none, AES256/],
    [{ S3_ENDPOINT: 'http://s3', S3_ACCESS_KEY: 'a' }, /S3_ACCESS_KEY: is only for use with S3_SECRET_KEY/],
    [{ S3_ENDPOINT: 'http://s3', S3_SECRET_KEY: 'a' }, /S3_SECRET_KEY: is only for use with S3_ACCESS_KEY/],
    [{ S3_PUBLIC_ENDPOINT: 'http://s3' }, /S3_PUBLIC_ENDPOINT: is only for use with S3_ENDPOINT/],
    [{ S3_BUCKET: 'Holdfast' }, /S3_BUCKET: must be 3 to 63/],
  ])('refuses %j', (given, problem) => {
    expect(() => parseEnv(given)).toThrow(problem);
  });

  it('falls back from migrate to direct to the one URL', () => {
    const url = 'postgres://a@db/x';
    expect(parseEnv({ DATABASE_URL: url }).secrets.database).toEqual({ url, direct: url, migrate: url });
    const direct = 'postgres://b@db/x';
    expect(parseEnv({ DATABASE_URL: url, DATABASE_DIRECT_URL: direct }).secrets.database?.migrate).toBe(direct);
  });

  it.each([
    [{}, null],
    [{ TEMPORAL_TLS: 'false' }, null],
    [{ TEMPORAL_TLS: 'true' }, { serverCa: null, client: null, serverName: null }],
    // A key over a connection that anybody may read would be a gift.
    [{ TEMPORAL_API_KEY: 'tk-1' }, { serverCa: null, client: null, serverName: null }],
    [{ TEMPORAL_TLS_SERVER_NAME: 'x' }, { serverCa: null, client: null, serverName: 'x' }],
    [bearing, { serverCa: null, client: null, serverName: null }],
    [{ ...bearing, TEMPORAL_TLS: 'false' }, null],
  ])('talks to Temporal over TLS when it is asked to: %j', (given, tls) => {
    expect(parseEnv({ TEMPORAL_ADDRESS: 't:7233', ...given }).temporal).toEqual({
      address: 't:7233',
      namespace: 'default',
      taskQueue: 'holdfast',
      advanceTaskQueue: 'holdfast',
      tls,
      token: 'TEMPORAL_TOKEN_URL' in given ? { url: 'http://id/token', clientId: 'temporal-worker' } : null,
    });
  });

  it.each([
    ['redis://cache', { host: 'cache', port: 6_379, database: 0, tls: null }, { username: null, password: null }],
    [
      'redis://:pw@[::1]:7000/',
      { host: '::1', port: 7_000, database: 0, tls: null },
      { username: null, password: 'pw' },
    ],
    [
      'rediss://me:pw@cache:6379/12',
      { host: 'cache', port: 6_379, database: 12, tls: { caFile: null } },
      { username: 'me', password: 'pw' },
    ],
  ])('reads %s', (url, server, login) => {
    const { redis, secrets } = parseEnv({ REDIS_URL: url });
    expect({ redis, login: secrets.redis }).toEqual({ redis: server, login });
  });

  it('puts PGlite where its URL says', () => {
    expect(parseEnv({ DATABASE_URL: 'pglite:///var/db' }).database).toEqual({ kind: 'pglite', folder: '/var/db' });
    expect(parseEnv({ DATA_DIR: '/d' }).database).toEqual({ kind: 'pglite', folder: '/d/database' });
  });

  it('takes an empty value for none, and minds no blanks', () => {
    expect(read({ PORT: '', DATABASE_URL: ' ', LOG_LEVEL: ' warn\n' })).toEqual({ ...read({}), logLevel: 'warn' });
  });

  it('lets unknown keys be', () => {
    expect(read({ HOLDFAST_FUTURE: 'x', PROT: '1' })).toEqual(read({}));
  });

  it.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '70.5'],
    ['PORT', '0x10'],
    ['HOST', 'http://x'],
    ['WORKER_CONCURRENCY', '0'],
    ['WAKE_HINTS', 'yes'],
    ['LOG_LEVEL', 'verbose'],
    ['PUBLIC_BASE_URL', 'holdfast.example.com'],
    ['PUBLIC_BASE_URL', 'ftp://x'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://x/path'],
    ['TRUSTED_PROXIES', 'edge.internal'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '::1/x'],
    ['TRUSTED_PROXIES', 'loopback'],
    ['RATE_LIMITS', 'none'],
    ['RATE_LIMITS', 'caller.read'],
    ['RATE_LIMITS', 'caller.read=0'],
    ['RATE_LIMITS', 'caller.read=1,caller.read=2'],
    ['RATE_LIMITS', 'caller.reed=1'],
    ['RATE_LIMITS', 'agents=1'],
    ['QUOTAS', 'agents=-1'],
    ['QUOTAS', 'agents=1000001'],
    ['QUOTAS', 'off'],
    ['PUBLIC_BASE_URL', 'https://x/?a=1'],
    ['DATABASE_URL', 'mysql://db/x'],
    ['DATABASE_URL', 'postgres://'],
    ['DATABASE_DIRECT_URL', 'pglite://'],
    ['DRAIN_TIMEOUT_MS', '25s'],
    ['MODEL_BASE_URL', 'localhost:8000'],
    ['MODEL_BASE_URL', 'http://localhost:8000/v1'],
    ['MODEL_DEFAULT', 'qwen'],
    ['MODEL_API_KEY', 'sk 1'],
    ['REDIS_URL', 'cache:6379'],
    ['REDIS_URL', 'memory://x'],
    ['REDIS_URL', 'redis://'],
    ['REDIS_URL', 'redis://cache:6379/zero'],
    ['REDIS_URL', 'redis://cache:6379/0?tls=true'],
    ['REDIS_URL', 'redis://user:p#ss@cache'],
    ['REDIS_URL', 'redis://user:p%zz@cache'],
    ['REDIS_URL', 'redis://ho%zz/'],
    ['REDIS_TLS_CA_PATH', '/tls/redis.pem'],
    ['TEMPORAL_ADDRESS', 'temporal'],
    ['TEMPORAL_ADDRESS', 'http://temporal:7233'],
    ['TEMPORAL_NAMESPACE', 'a b'],
    ['TEMPORAL_API_KEY', 'tk 1'],
    ['TEMPORAL_TLS_CLIENT_CERT_PATH', '/tls/client.pem'],
    ['TEMPORAL_TLS_CLIENT_KEY_PATH', '/tls/client.key'],
    ['OIDC_CLIENT_ID', 'web'],
    ['OIDC_CLIENT_SECRET', 'oc-1'],
    ['OIDC_CLI_CLIENT_ID', 'cli'],
  ] as const)('says in one line what is wrong with %s=%s', (key, value) => {
    const problems = problemsOf({ [key]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${key}: (must|is only) [^\\n]+; it is "[^\\n]*"; example: ${key}=\\S+$`));
    expect(problems[0]).toContain(metaOf(key).secret ? '***"' : `"${value}"`);
  });

  it('says everything that is wrong, one line each', () => {
    expect(problemsOf({ PORT: 'x', LOG_LEVEL: 'y', TENANT_SLOTS: 'z' }).map((line) => line.split(':')[0])).toEqual([
      'PORT',
      'LOG_LEVEL',
      'TENANT_SLOTS',
    ]);
  });

  it.each([
    ['DATABASE_URL', 'mysql://root:hunter2@db/x'],
    ['DATABASE_URL', 'root:hunter2@db'],
    ['DATABASE_URL', 'postgres://root:hunter2@[bad'],
    ['DATABASE_DIRECT_URL', 'postgres://root:hunter2@db/x'],
    ['PUBLIC_BASE_URL', 'ftp://root:hunter2@x/'],
    ['MODEL_BASE_URL', 'http://root:hunter2@x/v1'],
    ['MODEL_API_KEY', 'hunter2 and more'],
  ])('never shows the password in a bad %s', (key, value) => {
    const problems = problemsOf({ [key]: value });
    expect(problems).toHaveLength(1);
    expect(problems.join('\n')).not.toContain('hunter2');
  });

  it('refuses a second database URL beside PGlite', () => {
    const problems = problemsOf({ DATABASE_MIGRATE_URL: 'postgres://o@db/x' });
    expect(problems).toEqual([expect.stringContaining('only for a DATABASE_URL that begins with postgres://')]);
  });
});

describe('each key', () => {
  it.each(envKeyNames)('%s is described, and its example and default can be used', (key) => {
    const { description, example, default: standard, used } = metaOf(key);
    expect(description).toMatch(/[.)]$/);
    expect(used.length).toBeGreaterThan(0);
    expect(envKeys[key].safeParse(example).success).toBe(true);
    const unset = env.parse({})[key];
    expect(unset).toEqual(standard === null ? undefined : env.parse({ [key]: standard })[key]);
  });
});

it('limits may be switched off', () => {
  expect(parseEnv({ RATE_LIMITS: 'off' }).limits.rates).toBeNull();
});
