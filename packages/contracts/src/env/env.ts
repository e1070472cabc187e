import { z } from 'zod';
import { defaultQuotas, defaultRates } from '../limits.ts';
import {
  allowList,
  baseUrl,
  bucketEncryption,
  bucketName,
  claimText,
  databaseUrl,
  groupForm,
  issuerUrl,
  modelBaseUrl,
  oneOf,
  originList,
  path,
  postgresUrl,
  quotas,
  ranges,
  rates,
  redisUrl,
  temporalName,
  whole,
} from './env-values.ts';

/** What is told about a key beside its schema: in the reference, in `.env.example`, and in messages. */
export interface KeyMeta {
  readonly description: string;
  readonly example: string;
  /** As text; null = no default. */
  readonly default: string | null;
  /** The processes that read it. */
  readonly used: readonly ('api' | 'worker' | 'standalone' | 'cli')[];
  /** It may hold a password: never shown. */
  readonly secret: boolean;
}

const everywhere = ['api', 'worker', 'standalone'] as const;
const DEFAULT_PORT = '7070';
/** All tenants of the person, among which they choose for each request. */
const DEFAULT_SCOPE = 'openid profile email organization:*';

/** Processes that have runs carried, or look whether they can. */
const driving = ['worker', 'standalone', 'cli'] as const;

function textOf(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([name, number]) => `${name}=${number}`)
    .join(', ');
}

/**
 * The environment contract: every key that Holdfast reads, and nothing else is read. Unknown keys are let be.
 * An empty value is as good as none. The reference page and `.env.example` are made from it.
 */
export const envKeys = {
  DATABASE_URL: databaseUrl.prefault('pglite://').meta({
    description:
      'Where everything is kept. `pglite://` is a Postgres inside the process, in the folder `database` of DATA_DIR or in the one named after `pglite://`. With `postgres://` or `postgresql://` it may be behind a pooler, and name several hosts, of which the one that takes writes is used (`postgres://user:secret@a,b/holdfast`). TLS by `sslmode`, `sslrootcert`, `sslcert` and `sslkey`: see the page on Postgres.',
    example: 'postgres://holdfast_api:secret@db:5432/holdfast',
    default: 'pglite://',
    used: [...everywhere, 'cli'],
    secret: true,
  }),
  DATABASE_DIRECT_URL: postgresUrl.optional().meta({
    description:
      'The same database past a pooler: one session per process, for leases and wake-ups. Without it, DATABASE_URL serves for these too.',
    example: 'postgres://holdfast_worker:secret@db:5432/holdfast',
    default: null,
    used: [...everywhere, 'cli'],
    secret: true,
  }),
  DATABASE_MIGRATE_URL: postgresUrl.optional().meta({
    description: 'The login that owns the tables, for migrations. Without it, DATABASE_DIRECT_URL or DATABASE_URL.',
    example: 'postgres://holdfast_owner:secret@db:5432/holdfast',
    default: null,
    used: ['cli', 'standalone'],
    secret: true,
  }),
  DATABASE_POOL_SIZE: whole(2, 1_000)
    .prefault('10')
    .meta({
      description:
        'Connections of one process to DATABASE_URL, at most; one direct session comes on top. All processes together must stay below `max_connections`: see the page on Postgres.',
      example: '20',
      default: '10',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
  DATABASE_STATEMENT_TIMEOUT_MS: whole(0, 3_600_000)
    .prefault('30000')
    .meta({
      description:
        'Milliseconds after which the server ends a statement of the API or a worker (the caller gets 503 `database_busy`), and a transaction in which nothing happens (503 `database_unavailable`). 0 = none. Migrations have none.',
      example: '60000',
      default: '30000',
      used: [...everywhere],
      secret: false,
    }),
  DATABASE_LOCK_TIMEOUT_MS: whole(0, 3_600_000)
    .prefault('10000')
    .meta({
      description:
        'Milliseconds that a statement, of a migration too, waits for a lock; the caller gets 503 `database_busy`. 0 = no limit.',
      example: '5000',
      default: '10000',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
  INSTALLATION_ID: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, { error: 'must be up to 100 letters, digits and . : _ -' })
    .optional()
    .meta({
      description:
        'Which installation this is, a name of your own. Where workers with another one have begun on the database before, or it has an id that is not this, it is a copy: everything is frozen until `holdfast thaw`. See the runbook on restores.',
      example: 'acme-staging',
      default: null,
      used: driving,
      secret: false,
    }),
  REDIS_URL: redisUrl.prefault('memory://').meta({
    description:
      'What processes tell each other beside the database: words of models as they come, wake-ups, counts of rate limits. `memory://` = nothing beyond each process; wake-ups go through the database. `redis://user:password@host:6379/0` = a Redis or Valkey; `rediss://` = over TLS. Nothing is kept there; while it is away everything goes on. See the page of the cache.',
    example: 'rediss://holdfast:secret@valkey:6379/0',
    default: 'memory://',
    used: [...everywhere, 'cli'],
    secret: true,
  }),
  REDIS_TLS_CA_PATH: path.optional().meta({
    description:
      'A PEM file of the authorities that the certificate of a `rediss://` server may come from. Without it, those that Node trusts.',
    example: '/etc/holdfast/redis-ca.pem',
    default: null,
    used: [...everywhere, 'cli'],
    secret: false,
  }),
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
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, { error: 'must be a host name or an address' })
    .prefault('127.0.0.1')
    .meta({
      description:
        'The address to listen on, for PORT and METRICS_PORT. `0.0.0.0` = every IPv4 address of the machine.',
      example: '0.0.0.0',
      default: '127.0.0.1',
      used: everywhere,
      secret: false,
    }),
  PORT: whole(0, 65_535)
    .prefault(DEFAULT_PORT)
    .meta({
      description: 'The port of the API. 0 = any that is free, shown at start.',
      example: '8080',
      default: DEFAULT_PORT,
      used: ['api', 'standalone'],
      secret: false,
    }),
  PUBLIC_BASE_URL: baseUrl.optional().meta({
    description: 'How the world reaches the API, for links. Without it: http, HOST and PORT.',
    example: 'https://holdfast.example.com',
    default: null,
    used: everywhere,
    secret: false,
  }),
  CORS_ORIGINS: originList.optional().meta({
    description:
      'Pages of these origins may use the API from a browser, with an API key of their own. Without it, no browser page may.',
    example: 'https://app.example.com,http://localhost:5173',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  TRUSTED_PROXIES: ranges.optional().meta({
    description:
      'Addresses and ranges of the edge in front of the API. From these alone X-Forwarded-For, X-Forwarded-Proto and X-Request-Id are believed. Without it, whoever connects is the client.',
    example: '10.0.0.0/8,fd00::/8',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  RATE_LIMITS: rates.optional().meta({
    description: `Requests a second, counted over ten seconds, that are answered before others are refused with 429: a comma list of name=number, where what is not named keeps its default (${textOf(defaultRates)}). \`off\` = no limits. A tenant may have numbers of its own: \`holdfast limits set\`.`,
    example: 'caller.read=50,tenant.read=150',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  QUOTAS: quotas.optional().meta({
    description: `How many of something a tenant may have: a comma list of name=number, where what is not named keeps its default (${textOf(defaultQuotas)}). A tenant may have numbers of its own: \`holdfast limits set\`.`,
    example: 'agents=200,keys=50',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  TOOL_SERVERS_FILE: path.optional().meta({
    description:
      'The JSON file of the tool servers that run as child processes: `{ "servers": { "<name>": { "command", "args", "env", "cwd" } } }`. They inherit HOME, PATH, SHELL and TERM, and what `env` names.',
    example: '/etc/holdfast/tool-servers.json',
    default: null,
    used: everywhere,
    secret: false,
  }),
  OIDC_ISSUER: issuerUrl.optional().meta({
    description:
      'The OIDC issuer whose access tokens are taken, exactly as its tokens say it. Without it, API keys alone are taken. See the guide to identity.',
    example: 'https://id.example.com/realms/holdfast',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_INTERNAL_URL: issuerUrl.optional().meta({
    description:
      'Where the issuer is reached from here, when that is not by its own name: its address with its path, or an origin alone.',
    example: 'http://keycloak:8080/realms/holdfast',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_ALLOW_HTTP: oneOf(['true', 'false'])
    .prefault('false')
    .meta({
      description: '`true` = the issuer may be asked over plain HTTP. On this machine it always may.',
      example: 'true',
      default: 'false',
      used: ['api', 'standalone'],
      secret: false,
    }),
  OIDC_AUDIENCE: claimText.prefault('holdfast').meta({
    description: 'What must stand in `aud` of a token.',
    example: 'api://holdfast',
    default: 'holdfast',
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_TENANT_CLAIM: claimText.prefault('organization').meta({
    description:
      'The claim with the tenants of the bearer: Keycloak’s organizations, names, or groups. `a.b` = `b` inside `a`.',
    example: 'https://holdfast.example.com/tenant',
    default: 'organization',
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_ROLES_CLAIM: claimText.optional().meta({
    description:
      'Where roles stand: inside a tenant’s object, or, when the tenant claim has names, in the token; then they count only where it names one tenant. Without it: `resource_access.<OIDC_AUDIENCE>.roles`.',
    example: 'roles',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_GROUPS: groupForm.optional().meta({
    description: 'The tenant claim holds groups of this form; all others are passed over.',
    example: '/tenants/{tenant}/{role}',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_PLATFORM_CLAIM: claimText.prefault('realm_access.roles').meta({
    description: 'Who has `platform-admin` in this claim may make and suspend tenants.',
    example: 'groups',
    default: 'realm_access.roles',
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_PROVISION: oneOf(['on', 'off'])
    .prefault('off')
    .meta({
      description: '`on` = the first token of a tenant that is not there makes it.',
      example: 'on',
      default: 'off',
      used: ['api', 'standalone'],
      secret: false,
    }),
  OIDC_CLIENT_ID: claimText.optional().meta({
    description: 'The client by which people log in in a browser. Without it they cannot. See the guide to login.',
    example: 'holdfast',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_CLIENT_SECRET: claimText.optional().meta({
    description: 'The secret of OIDC_CLIENT_ID. Without it, it is a public client.',
    example: 'as-the-issuer-gave-it',
    default: null,
    used: ['api', 'standalone'],
    secret: true,
  }),
  OIDC_CLI_CLIENT_ID: claimText.optional().meta({
    description:
      'The public client of `holdfast login`, with the device authorization grant. Without it, there is none.',
    example: 'holdfast-cli',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OIDC_SCOPE: claimText.prefault(DEFAULT_SCOPE).meta({
    description:
      'What a login asks the issuer for. It must bring the tenant claim into access tokens; the default does so at Keycloak.',
    example: 'openid profile email groups',
    default: DEFAULT_SCOPE,
    used: ['api', 'standalone'],
    secret: false,
  }),
  OUTBOUND_ALLOW: allowList.optional().meta({
    description:
      'Private destinations that tools and webhooks may call all the same: a comma list of `host`, `host:port`, addresses and ranges (`10.1.0.0/16`). Without it only the public internet can be called.',
    example: 'crm.internal:8080,10.1.0.0/16',
    default: null,
    used: everywhere,
    secret: false,
  }),
  SECRETS_URL: z
    .string()
    .regex(/^local:\/\/(\/[^\0]*)?$/, { error: 'must be local://, or local:// and the absolute path of a key file' })
    .prefault('local://')
    .meta({
      description:
        'What seals the secrets of tenants. `local://` = AES-256-GCM with the key file `secrets.key` of DATA_DIR, made at the first start; `local:///path` = that key file. API and workers need the same one. Back it up apart from the database: without it secrets cannot be read.',
      example: 'local:///etc/holdfast/secrets.key',
      default: 'local://',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
  MODEL_BASE_URL: modelBaseUrl.optional().meta({
    description:
      'The server of the model `default`: any that speaks OpenAI’s chat completions (vLLM, Ollama, llama.cpp, …), up to and with the version in its path. Without it and MODELS_FILE, `default` is the rehearsal model.',
    example: 'http://127.0.0.1:8000/v1',
    default: null,
    used: everywhere,
    secret: false,
  }),
  MODEL_DEFAULT: z.string().max(200).optional().meta({
    description: 'The name that the server at MODEL_BASE_URL has for its model. Agents call it `default`.',
    example: 'Qwen/Qwen3-8B',
    default: null,
    used: everywhere,
    secret: false,
  }),
  MODEL_API_KEY: z
    .string()
    .regex(/^[\x21-\x7E]+$/, { error: 'must be printable ASCII without spaces' })
    .optional()
    .meta({
      description: 'The key for the server at MODEL_BASE_URL.',
      example: 'sk-secret',
      default: null,
      used: everywhere,
      secret: true,
    }),
  MODELS_FILE: path.optional().meta({
    description:
      'The YAML or JSON file of several models, by the names that agents use: `models: { <name>: { base_url, model, api_key, server, prices, context_tokens, capabilities, concurrency } }`. See the guide to models.',
    example: '/etc/holdfast/models.yaml',
    default: null,
    used: everywhere,
    secret: false,
  }),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^(\[[0-9a-f:]+\]|[\w.-]+):\d{1,5}$/i, { error: 'must be host:port' })
    .optional()
    .meta({
      description:
        'The Temporal server that carries runs. Without it, workers carry them by themselves. All runs move at once when workers with another setting begin; the log stays in the database. The API needs no access to Temporal.',
      example: 'temporal:7233',
      default: null,
      used: [...driving],
      secret: false,
    }),
  TEMPORAL_NAMESPACE: temporalName.prefault('default').meta({
    description: 'The namespace in Temporal. It must exist; `holdfast migrate` gives it its search attributes.',
    example: 'holdfast',
    default: 'default',
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TASK_QUEUE: temporalName.prefault('holdfast').meta({
    description: 'The task queue on which workflows wait for a worker.',
    example: 'holdfast-prod',
    default: 'holdfast',
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_ADVANCE_TASK_QUEUE: temporalName.optional().meta({
    description:
      'The task queue on which the work itself (calls of models and tools) waits for a worker: one of its own keeps it apart from the workflows’ short tasks. Without it, TEMPORAL_TASK_QUEUE, which is faster.',
    example: 'holdfast-work',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_API_KEY: z
    .string()
    .regex(/^[\x21-\x7E]+$/, { error: 'must be printable ASCII without spaces' })
    .optional()
    .meta({
      description: 'An API key of Temporal Cloud, or a token that the cluster’s authorizer takes. It turns TLS on.',
      example: 'tk-secret',
      default: null,
      used: [...driving],
      secret: true,
    }),
  TEMPORAL_TOKEN_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .meta({
      description:
        'Where an OIDC issuer gives access tokens by client credentials, for a cluster whose authorizer takes such tokens. They are renewed by themselves. It turns TLS on, unless TEMPORAL_TLS is `false`.',
      example: 'https://id.example.com/realms/holdfast/protocol/openid-connect/token',
      default: null,
      used: [...driving],
      secret: false,
    }),
  TEMPORAL_TOKEN_CLIENT_ID: claimText.prefault('temporal-worker').meta({
    description: 'The client at TEMPORAL_TOKEN_URL.',
    example: 'temporal-worker',
    default: 'temporal-worker',
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TOKEN_CLIENT_SECRET: claimText.optional().meta({
    description: 'The secret of that client.',
    example: 'as-the-issuer-gave-it',
    default: null,
    used: [...driving],
    secret: true,
  }),
  TEMPORAL_TLS: oneOf(['true', 'false'])
    .optional()
    .meta({
      description:
        '`true` = TLS, the server’s certificate checked against what the machine trusts. Any other TEMPORAL_TLS_… turns it on, too.',
      example: 'true',
      default: null,
      used: [...driving],
      secret: false,
    }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: path.optional().meta({
    description: 'A PEM file of the authorities that the server’s certificate may come from.',
    example: '/etc/holdfast/temporal/ca.pem',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: path.optional().meta({
    description: 'A PEM file with our certificate, for mTLS.',
    example: '/etc/holdfast/temporal/client.pem',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: path.optional().meta({
    description: 'A PEM file with the key of our certificate.',
    example: '/etc/holdfast/temporal/client.key',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TLS_SERVER_NAME: z
    .string()
    .regex(/^[\w.-]+$/, { error: 'must be a host name' })
    .optional()
    .meta({
      description: 'The name that the server’s certificate must have, where it is not that of TEMPORAL_ADDRESS.',
      example: 'temporal.internal',
      default: null,
      used: [...driving],
      secret: false,
    }),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).prefault('info').meta({
    description: 'The least important level that is logged.',
    example: 'debug',
    default: 'info',
    used: everywhere,
    secret: false,
  }),
  METRICS_PORT: whole(0, 65_535)
    .prefault('0')
    .meta({
      description:
        'The port of a worker’s `/metrics` and `/readyz`. 0 = none. The API and the standalone program answer these on PORT.',
      example: '9464',
      default: '0',
      used: ['worker'],
      secret: false,
    }),
  WORKER_CONCURRENCY: whole(1, 10_000)
    .prefault('50')
    .meta({
      description:
        'Runs that one worker holds at once, of any tenants. A tenth more, and one at least, is kept for tenants with less than their share of these. A run that waits for a person, a timer or a child is not held.',
      example: '200',
      default: '50',
      used: ['worker', 'standalone'],
      secret: false,
    }),
  AUDIT_RETENTION_DAYS: whole(30, 3_650)
    .optional()
    .meta({
      description:
        'Days for which audit lines are kept of tenants that say nothing themselves. Older ones are removed; the chain stays provable. Without it, for ever.',
      example: '400',
      default: null,
      used: ['worker', 'standalone'],
      secret: false,
    }),
  TENANT_SLOTS: whole(1, 100_000)
    .prefault('100')
    .meta({
      description: 'Runs at once that a new tenant may have. More are queued.',
      example: '20',
      default: '100',
      used: ['cli', 'standalone'],
      secret: false,
    }),
  WAKE_HINTS: oneOf(['on', 'off']).prefault('on').meta({
    description:
      '`off` = workers find what is due by sweeping alone, once a second. Nothing is lost without hints, it is only slower.',
    example: 'off',
    default: 'on',
    used: everywhere,
    secret: false,
  }),
  DRAIN_TIMEOUT_MS: whole(0, 600_000).prefault('25000').meta({
    description:
      'Milliseconds that a process which was asked to end (SIGTERM) waits for calls and requests under way before it lets go of its runs and closes its connections. Set it below the grace of whatever stops the process.',
    example: '110000',
    default: '25000',
    used: everywhere,
    secret: false,
  }),
} as const;

export const env = z.object(envKeys);
export type EnvKey = keyof typeof envKeys;

const keyMeta = z.object({
  description: z.string(),
  example: z.string(),
  default: z.string().nullable(),
  used: z.array(z.enum(['api', 'worker', 'standalone', 'cli'])),
  secret: z.boolean(),
}) satisfies z.ZodType<KeyMeta>;

export const envKeyNames = Object.keys(envKeys) as EnvKey[];

/** What is told about a key. */
export const metaOf = (key: EnvKey): KeyMeta => keyMeta.parse(envKeys[key].meta());

/** The keys that may come as a file as well, which `<KEY>_FILE` names. */
export const secretKeys: readonly EnvKey[] = envKeyNames.filter((key) => metaOf(key).secret);
