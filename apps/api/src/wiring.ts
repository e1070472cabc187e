import { hostname } from 'node:os';
import { openConfiguredArtifacts } from '@holdfast/adapters/artifacts';
import { HttpTools } from '@holdfast/adapters/http-tool';
import { MemoryRateLimiter } from '@holdfast/adapters/memory';
import { HttpMcpTools, registeredTools, serverLog } from '@holdfast/adapters/mcp';
import { configuredModels } from '@holdfast/adapters/models';
import { JwtVerifier } from '@holdfast/adapters/oidc';
import { OutboundClient } from '@holdfast/adapters/outbound';
import { type OpenDatabase, openConfigured } from '@holdfast/adapters/postgres';
import { openConfiguredRedis, type OpenRedis } from '@holdfast/adapters/redis';
import { LocalCipher } from '@holdfast/adapters/secrets';
import { createLogger, createMetrics, type Metrics } from '@holdfast/adapters/telemetry';
import { HttpWebhookSender } from '@holdfast/adapters/webhooks';
import type { Config } from '@holdfast/contracts';
import {
  type Artifacts,
  cachedOwnLimits,
  cachedVersions,
  type Deltas,
  EventStreams,
  type Freeze,
  FreezeWatch,
  frozenInWords,
  mayGoOn,
  LocalDeltas,
  type Log,
  type ModelCatalogue,
  type PlatformTools,
  type RateLimiter,
  recordPrices,
  Redaction,
  RefusedTokens,
  RegisteredTools,
  RequestLimits,
  type SecretCipher,
  secretResolver,
} from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import type { BodyTimes } from './http/limit-bodies.ts';
import { loginOptionsOf, wireLogin } from './login/wire-login.ts';
import type { ApiPorts, Readiness } from './ports.ts';
import { encodeEvent } from './sse/sse-listener.ts';
import { StreamGuard } from './sse/stream-guard.ts';

/** What a test or the standalone program brings along; the rest is made from the configuration. */
export interface ApiOverrides {
  readonly database?: OpenDatabase;
  readonly artifacts?: Artifacts;
  readonly models?: ModelCatalogue;
  /** Shared with the worker of this process. */
  readonly deltas?: Deltas;
  /** Shared with the worker of this process, and closed by whoever brings it. */
  readonly redis?: OpenRedis | null;
  /** The tool servers that TOOL_SERVERS_FILE would name. */
  readonly platformTools?: PlatformTools;
  readonly rateLimiter?: RateLimiter;
  readonly cipher?: SecretCipher;
  /** Shared by all parts of a process, the log included. */
  readonly redaction?: Redaction;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** Shorter ones than people have. */
  readonly bodyTimes?: BodyTimes;
  /** Wraps the finished ports; chaos tests die here. */
  readonly wrap?: (ports: ApiPorts) => ApiPorts;
}

export interface Api {
  readonly app: FastifyInstance;
  readonly ports: ApiPorts;
  /** Ends streams, lets requests finish for at most `drainTimeoutMs`, closes what was opened here. */
  close(): Promise<void>;
}

/**
 * The API on its ports, listening nowhere yet.
 * @throws DatabaseNotUsable, ToolServersFileInvalid, ModelsFileInvalid, KeyFileInvalid, RedisCaInvalid.
 */
export async function wireApi(config: Config, overrides: ApiOverrides = {}): Promise<Api> {
  const redaction = overrides.redaction ?? new Redaction();
  const log = overrides.log ?? createLogger({ level: config.logLevel, name: 'api', redaction });
  const cipher = overrides.cipher ?? new LocalCipher(config.secretsKeyFile);
  const metrics = overrides.metrics ?? createMetrics();
  const redis =
    overrides.redis === undefined ? openConfiguredRedis(config, { log, metrics: metrics.redis }) : overrides.redis;
  const database =
    overrides.database ??
    (await openConfigured(
      config,
      { program: 'holdfast-api', instance: `${hostname().slice(0, 30)}-${process.pid}` },
      redis ?? {},
    ));
  const own: { close(): Promise<void> }[] = [];
  try {
    if (overrides.database === undefined) {
      own.push(database);
      for (const warning of database.warnings) log.warn({}, warning);
    }
    // Closed before the database, by which its last hints may go.
    if (redis !== null && overrides.redis === undefined) own.push(redis);
    let { platformTools } = overrides;
    if (platformTools === undefined) {
      const registered = await registeredTools(config.toolServers, log);
      own.push(registered);
      platformTools = registered;
    }
    let { models } = overrides;
    if (models === undefined) {
      const configured = await configuredModels(config, redaction);
      own.push(configured);
      models = configured.catalog;
    }
    const {
      installation,
      freeze,
      agents,
      audit,
      budgets,
      bulk,
      toolServers,
      directory,
      keys,
      limits,
      entrance,
      members,
      platformAudit,
      prices,
      retention,
      runs,
      schedules,
      secrets,
      tenants,
      sessions: store,
      threads,
      transactions,
      webhooks,
      uploads,
    } = await database.api();
    redis?.begin(await installation());
    // A worker in the same process says it, too.
    if (overrides.database === undefined) {
      const freezeWatch = new FreezeWatch({ freeze, installation, log }, (id) => redis?.begin(id));
      freezeWatch.begin();
      own.push(freezeWatch);
    }
    const { clock, hints } = database;
    const changed = await recordPrices(models, prices);
    if (changed > 0) log.info({ models: changed }, 'models have other prices from now on');
    let { artifacts } = overrides;
    if (artifacts === undefined) {
      artifacts = await openConfiguredArtifacts(config);
      own.push(artifacts);
    }
    const files = artifacts;
    const resolveSecrets = secretResolver({ rows: secrets, cipher, redaction });
    const outbound = new OutboundClient({ allow: config.outboundAllow });
    const mcp = new HttpMcpTools({ fetch: outbound.fetch, resolveSecrets, log: serverLog(log) });
    own.push(mcp);
    const http = new HttpTools({ outbound, artifacts, resolveSecrets, redaction });
    const tools = new RegisteredTools({ platform: platformTools, store: toolServers, mcp, http, redaction });
    const { rates, quotas } = config.limits;
    const requestLimits = new RequestLimits({
      limiter: overrides.rateLimiter ?? redis?.rateLimiter ?? new MemoryRateLimiter(),
      rates,
      own: cachedOwnLimits(limits, clock),
      log,
      metrics: metrics.limits,
    });
    const { oidc } = config;
    const tokens =
      oidc === null
        ? null
        : {
            verifier: new JwtVerifier({ ...oidc, log, now: () => clock.now() }),
            slots: oidc.provision ? config.tenantSlots : null,
          };
    const publicUrl = (): string => config.http.publicBaseUrl ?? listeningUrl(app);
    const { sessions, login } = wireLogin(config, {
      verifier: tokens?.verifier ?? null,
      store,
      audit: platformAudit,
      cipher,
      clock,
      log,
      publicUrl,
    });
    const ports: ApiPorts = {
      agents,
      directory,
      keys,
      entrance,
      tokens,
      sessions,
      login,
      loginOptions: loginOptionsOf(config),
      refusedTokens: new RefusedTokens(platformAudit),
      runs,
      transactions,
      secrets,
      uploads,
      publicUrl,
      threads,
      cipher,
      audit,
      budgets,
      bulk,
      retention,
      schedules,
      webhooks,
      members,
      tenants,
      platformAudit,
      prices,
      sender: new HttpWebhookSender({ outbound }),
      clock,
      artifacts,
      versions: cachedVersions((scope, id) => agents.versionById(scope, id)),
      publishing: { models, tools, agents },
      deltas: overrides.deltas ?? redis?.deltas ?? new LocalDeltas(),
      registry: { tools, platform: platformTools, store: toolServers },
      streams: new EventStreams({ directory, runs, hints }, encodeEvent),
      guard: new StreamGuard((credentials, operation) =>
        mayGoOn({ keys, entrance, tokens, sessions }, credentials, operation, clock.now()),
      ),
      quotas,
      tenantSlots: config.tenantSlots,
      requestLimits,
      corsOrigins: config.http.corsOrigins,
      trustedProxies: config.http.trustedProxies,
      log,
      metrics,
      readiness: () => readinessOf(database, freeze, files, redis),
    };
    const app: FastifyInstance = buildApp(overrides.wrap?.(ports) ?? ports, overrides.bodyTimes);
    return {
      app,
      ports,
      close: async () => {
        const cut = setTimeout(() => app.server.closeAllConnections(), config.drainTimeoutMs);
        try {
          await app.close();
        } finally {
          clearTimeout(cut);
        }
        for (const part of own.toReversed()) await part.close();
      },
    };
  } catch (error) {
    for (const part of own.toReversed()) await part.close();
    throw error;
  }
}

/** Where it is reached on this machine. */
export function listeningUrl(app: FastifyInstance): string {
  const [address] = app.addresses();
  if (address === undefined || typeof address === 'string') throw new Error('the API does not listen on a port');
  const host = address.address.includes(':') ? `[${address.address}]` : address.address;
  return `http://${host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host}:${address.port}`;
}

async function readinessOf(
  database: OpenDatabase,
  freeze: () => Promise<Freeze | null>,
  artifacts: Artifacts,
  redis: OpenRedis | null,
): Promise<Readiness> {
  const [held, frozen, stored] = await Promise.allSettled([database.ping(), freeze(), artifacts.ping()]);
  return {
    // Without a database nothing can be done. Without the others something waits, and the check says so.
    ready: held.status === 'fulfilled',
    checks: {
      database: held.status === 'fulfilled' ? 'ok' : 'does not answer, or takes no writes',
      // Everybody may read this: why it is so stands in the log, and `doctor` on a machine with the settings says it.
      artifacts: stored.status === 'fulfilled' ? 'ok' : 'the store does not answer, or lets nobody in',
      ...(frozen.status === 'fulfilled' && frozen.value !== null ? { installation: frozenInWords(frozen.value) } : {}),
      ...(redis === null ? {} : { redis: redis.up ? 'ok' : 'cannot be used; everything goes on without it' }),
    },
  };
}
