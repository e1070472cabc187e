import type { z } from 'zod';
import type { Quotas, Rates } from '../limits.ts';
import type { BucketEncryption } from './env-values.ts';
import type { env } from './env.ts';

/** The environment, read once and in order. What must not be shown stands in `secrets` and nowhere else. */
export interface Config {
  readonly dataDir: string;
  /** `folder`: where PGlite keeps its files. */
  readonly database: { readonly kind: 'pglite'; readonly folder: string } | { readonly kind: 'postgres' };
  /** Which installation this is; null = what the database says. */
  readonly installationId: string | null;
  /** Limits of one process on a Postgres server; ms, 0 = none. */
  readonly connections: {
    readonly poolSize: number;
    readonly statementTimeoutMs: number;
    readonly lockTimeoutMs: number;
  };
  /** What processes share beside the database; null = nothing. User and password stand in `secrets`. */
  readonly redis: {
    readonly host: string;
    readonly port: number;
    /** The number of its database. */
    readonly database: number;
    /** null = no TLS. `caFile`: PEM; null = whom Node trusts. */
    readonly tls: { readonly caFile: string | null } | null;
  } | null;
  /** null = artifacts are kept in the folder `artifacts` of `dataDir`. */
  readonly s3: {
    readonly endpoint: string;
    /** null = nobody outside reaches it. */
    readonly publicEndpoint: string | null;
    readonly bucket: string;
    readonly region: string;
    readonly pathStyle: boolean;
    readonly encryption: BucketEncryption;
  } | null;
  readonly http: {
    readonly host: string;
    /** 0 = any that is free. */
    readonly port: number;
    /** Without a slash at its end; null when it follows from the port that is really listened on. */
    readonly publicBaseUrl: string | null;
    /** Pages of these may use the API from a browser. */
    readonly corsOrigins: readonly string[];
    /** Addresses and ranges that may tell where a request came from. */
    readonly trustedProxies: readonly string[];
  };
  readonly limits: {
    /** null = none. */
    readonly rates: Rates | null;
    readonly quotas: Quotas;
  };
  /** null = none. */
  readonly metricsPort: number | null;
  readonly worker: {
    /** Runs held at once. */
    readonly concurrency: number;
    readonly wakeHints: boolean;
  };
  readonly drainTimeoutMs: number;
  /** Days for which audit lines are kept where a tenant says nothing itself; null = for ever. */
  readonly auditDays: number | null;
  /** Runs at once of a new tenant. */
  readonly tenantSlots: number;
  readonly toolServers: {
    readonly file: string | null;
    /** HOME, PATH, SHELL and TERM as far as they are set: all that a tool server inherits. */
    readonly environment: Readonly<Record<string, string>>;
  };
  /** null = API keys alone are taken. */
  readonly oidc: {
    readonly issuer: string;
    readonly internalUrl: string | null;
    readonly allowHttp: boolean;
    readonly audience: string;
    readonly claims: {
      readonly tenant: string;
      readonly roles: string;
      readonly groups: string | null;
      readonly platform: string;
    };
    /** The first token of a tenant makes it. */
    readonly provision: boolean;
    /** What a login asks for. */
    readonly scope: string;
    /** The client that logs browsers in; its secret stands in `secrets`. null = browsers cannot log in. */
    readonly clientId: string | null;
    /** The public client of the command line; null = none. */
    readonly cliClientId: string | null;
  } | null;
  /** Entries of OUTBOUND_ALLOW. */
  readonly outboundAllow: readonly string[];
  /** The file of the keys that secrets are sealed with. */
  readonly secretsKeyFile: string;
  readonly models: {
    /** null = none. */
    readonly file: string | null;
    /** The model `default`; its key stands in `secrets`. */
    readonly one: { readonly baseUrl: string; readonly model: string } | null;
  };
  /** null = workers carry runs by themselves. */
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly taskQueue: string;
    readonly advanceTaskQueue: string;
    /** Files in PEM; null = no TLS. */
    readonly tls: {
      readonly serverCa: string | null;
      readonly client: { readonly cert: string; readonly key: string } | null;
      readonly serverName: string | null;
    } | null;
    /** null = no access token; its client's secret stands in `secrets`. */
    readonly token: { readonly url: string; readonly clientId: string } | null;
  } | null;
  readonly logLevel: z.output<typeof env>['LOG_LEVEL'];
  readonly secrets: {
    readonly modelApiKey: string | null;
    /** null = what the AWS SDK finds by itself. */
    readonly s3: { readonly accessKey: string; readonly secretKey: string } | null;
    readonly temporalApiKey: string | null;
    readonly temporalTokenClientSecret: string | null;
    /** null = a public client. */
    readonly oidcClientSecret: string | null;
    /** All of it, for values of files that name a variable: `env:NAME`. */
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly redis: { readonly username: string | null; readonly password: string | null } | null;
    /** null with PGlite. `direct` and `migrate` are already what they fall back to. */
    readonly database: { readonly url: string; readonly direct: string; readonly migrate: string } | null;
  };
}
