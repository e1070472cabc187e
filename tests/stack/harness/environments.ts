export type Environment = Readonly<Record<string, string>>;

/** Where everything is, and how to get in. */
export interface Addresses {
  /** Where the edge publishes API and login. */
  readonly edge: string;
  /** The ports of the API, and of each worker's numbers. */
  readonly ports: { readonly api: number; readonly workers: readonly [number, number] };
  /** The folder of the key that seals secrets. */
  readonly dataDir: string;
  readonly toolServersFile: string;
  /** Logins of the same database: through the pooler, and past it. */
  readonly database: {
    readonly api: Logins;
    readonly worker: Logins;
    readonly owner: string;
  };
  readonly redisUrl: string;
  readonly store: { readonly endpoint: string; readonly accessKey: string; readonly secretKey: string };
  /** host:port */
  readonly temporal: string;
  /** As Keycloak is reached from here, without the edge. */
  readonly issuerInside: string;
  readonly clientSecret: string;
}

interface Logins {
  readonly pooled: string;
  readonly direct: string;
}

/** All that our programs are told, as in production. */
export interface Environments {
  readonly api: Environment;
  readonly workers: readonly [Environment, Environment];
  /** `migrate` and `init`: where the owner of the tables is. */
  readonly cli: Environment;
}

export function environmentsOf(at: Addresses): Environments {
  const everywhere = {
    DATA_DIR: at.dataDir,
    REDIS_URL: at.redisUrl,
    S3_ENDPOINT: at.store.endpoint,
    S3_PUBLIC_ENDPOINT: at.store.endpoint,
    S3_ACCESS_KEY: at.store.accessKey,
    S3_SECRET_KEY: at.store.secretKey,
  };
  const processes = { ...everywhere, PUBLIC_BASE_URL: at.edge, TOOL_SERVERS_FILE: at.toolServersFile };
  const engine = { TEMPORAL_ADDRESS: at.temporal };
  const issuer = { OIDC_ISSUER: `${at.edge}/realms/holdfast`, OIDC_INTERNAL_URL: at.issuerInside };
  const worker = (port: number): Environment => ({
    ...processes,
    ...engine,
    DATABASE_URL: at.database.worker.pooled,
    DATABASE_DIRECT_URL: at.database.worker.direct,
    METRICS_PORT: String(port),
  });
  const [first, second] = at.ports.workers;
  return {
    api: {
      ...processes,
      ...issuer,
      DATABASE_URL: at.database.api.pooled,
      DATABASE_DIRECT_URL: at.database.api.direct,
      PORT: String(at.ports.api),
      TRUSTED_PROXIES: '127.0.0.1',
      OIDC_CLIENT_ID: 'holdfast-web',
      OIDC_CLIENT_SECRET: at.clientSecret,
      OIDC_CLI_CLIENT_ID: 'holdfast-cli',
    },
    workers: [worker(first), worker(second)],
    cli: {
      ...everywhere,
      ...engine,
      DATABASE_URL: at.database.owner,
      DATABASE_MIGRATE_URL: at.database.owner,
    },
  };
}
