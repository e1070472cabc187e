import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { openConfiguredArtifacts } from '@holdfast/adapters/artifacts';
import { httpFetch, HttpTools } from '@holdfast/adapters/http-tool';
import { HttpMcpTools, registeredTools, serverLog } from '@holdfast/adapters/mcp';
import { configuredModels } from '@holdfast/adapters/models';
import { OutboundClient } from '@holdfast/adapters/outbound';
import { type OpenDatabase, openConfigured } from '@holdfast/adapters/postgres';
import { openConfiguredRedis, type OpenRedis } from '@holdfast/adapters/redis';
import { LocalCipher } from '@holdfast/adapters/secrets';
import { createLogger, createMetrics, type Metrics } from '@holdfast/adapters/telemetry';
import { HttpWebhookSender } from '@holdfast/adapters/webhooks';
import type { Config } from '@holdfast/contracts';
import {
  type Artifacts,
  type ArtifactStore,
  artifactTools,
  type BulkPorts,
  cachedVersions,
  deleteExpired,
  type DeliverPorts,
  deliverWebhooks,
  type Deltas,
  type ErasePorts,
  eraseTenants,
  expireRuns,
  fireSchedules,
  FreezeWatch,
  frozenInWords,
  LocalDeltas,
  type Log,
  type Model,
  type OpenDriver,
  type Patience,
  patientArtifacts,
  type PlatformTools,
  Redaction,
  RegisteredTools,
  removeFiles,
  removeStrays,
  type SchedulePorts,
  type SecretCipher,
  currentPrices,
  secretResolver,
  settleChildren,
  startWorker,
  tellHeldRuns,
  thawTenants,
  wakeForRoom,
  type Steps,
  type StoredFiles,
  type WebhookPolicy,
  webhookPolicy,
  workBulk,
  type WorkerPorts,
} from '@holdfast/core';
import { embeddedDriver } from '@holdfast/driver-embedded';
import { toolbox } from './toolbox.ts';

/** What a test or the standalone program brings along; the rest is made from the configuration. */
export interface WorkerOverrides {
  readonly database?: OpenDatabase;
  readonly artifacts?: Artifacts;
  readonly model?: Model;
  /** Runs at once, by model; those of MODELS_FILE, where the models are its. */
  readonly modelLimits?: ReadonlyMap<string, number>;
  /** Shared with the API of this process, whose streams show them. */
  readonly deltas?: Deltas;
  /** Shared with the API of this process, and closed by whoever brings it. */
  readonly redis?: OpenRedis | null;
  /** The tool servers that TOOL_SERVERS_FILE would name. */
  readonly platformTools?: PlatformTools;
  readonly cipher?: SecretCipher;
  /** Shared by all parts of a process, the log included. */
  readonly redaction?: Redaction;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** When messages that were not taken are sent again. */
  readonly webhookPolicy?: WebhookPolicy;
  /** Wraps the finished ports; chaos tests die here. */
  readonly wrap?: (ports: WiredPorts) => WiredPorts;
}

/** What the driver takes, and what the handlers of its outbox take. */
export type WiredPorts = WorkerPorts &
  Omit<BulkPorts, 'transactions'> &
  Omit<SchedulePorts, 'transactions'> &
  DeliverPorts &
  ErasePorts & { readonly transactions: Steps };

export interface RunningWorker {
  readonly id: string;
  readonly log: Log;
  readonly held: () => number;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** Whether it can work. `checks`: each check's name with `ok`, or with what is wrong; not all keep it from working. */
  readiness(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>;
  /** Lets calls under way end, gives its runs back, closes what was opened here. */
  drain(): Promise<void>;
}

/** Peers are looked at this often, ms, so that a dead worker's runs go on within half a second. */
const WATCH_PEERS_MS = 150;
/** Results are kept and tried again for this long while the database or the artifacts' store is away. */
const PATIENCE_MS = 60_000;

/**
 * A worker that has begun.
 * @throws DatabaseNotUsable, ToolServersFileInvalid, ModelsFileInvalid, KeyFileInvalid, RedisCaInvalid.
 */
export async function wireWorker(config: Config, overrides: WorkerOverrides = {}): Promise<RunningWorker> {
  const id = `${hostname().slice(0, 30)}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const redaction = overrides.redaction ?? new Redaction();
  const log = overrides.log ?? createLogger({ level: config.logLevel, name: 'worker', redaction });
  const cipher = overrides.cipher ?? new LocalCipher(config.secretsKeyFile);
  const metrics = overrides.metrics ?? createMetrics();
  const redis =
    overrides.redis === undefined ? openConfiguredRedis(config, { log, metrics: metrics.redis }) : overrides.redis;
  const database =
    overrides.database ?? (await openConfigured(config, { program: 'holdfast-worker', instance: id }, redis ?? {}));
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
    let { model, modelLimits = new Map() } = overrides;
    if (model === undefined) {
      const configured = await configuredModels(config, redaction);
      own.push(configured);
      model = configured.catalog;
      modelLimits = configured.catalog.runLimits();
    }
    const stores = await database.worker(id, config.temporal === null ? 'embedded' : 'temporal');
    const { runs, agents, toolServers, secrets, schedule, outbox, expired, lease, artifactRows } = stores;
    const { budgets, bulk, directory, erasure, schedules, transactions, webhooks } = stores;
    let { artifacts: store } = overrides;
    if (store === undefined) {
      store = await openConfiguredArtifacts(config);
      own.push(store);
    }
    const { clock } = database;
    const files = store;
    const artifacts = patientFiles(files, { patienceMs: PATIENCE_MS, clock });
    const resolveSecrets = secretResolver({ rows: secrets, cipher, redaction });
    const outbound = new OutboundClient({ allow: config.outboundAllow });
    const mcp = new HttpMcpTools({ fetch: outbound.fetch, resolveSecrets, log: serverLog(log) });
    own.push(mcp);
    const http = new HttpTools({ outbound, artifacts, resolveSecrets, redaction });
    const tools = toolbox({
      servers: new RegisteredTools({ platform: platformTools, store: toolServers, mcp, http, redaction }),
      artifacts: artifactTools({
        artifacts: {
          put: (ref, digest, bytes) => artifacts.put(ref, digest, bytes),
          open: (ref, digest) => files.open(ref, digest),
        },
        list: artifactRows,
      }),
      fetch: httpFetch({ outbound, artifacts }),
    });
    const { knowsTenant } = stores;
    const strays = removeStrays({ runs, artifacts, artifactRows, knowsTenant, clock, log }, Math.random());
    const ports: WiredPorts = {
      runs,
      artifacts,
      agents,
      versions: cachedVersions((scope, versionId) => agents.versionById(scope, versionId)),
      budgets,
      prices: currentPrices(stores.prices, clock),
      model,
      tools,
      redaction,
      deltas: overrides.deltas ?? redis?.deltas ?? new LocalDeltas(),
      clock,
      hints: database.hints,
      schedule,
      outbox,
      expired,
      erasure,
      lease,
      housekeep: async () => (await stores.housekeep()) + (await strays()),
      bulk,
      directory,
      schedules,
      transactions,
      webhooks,
      secrets,
      cipher,
      sender: new HttpWebhookSender({ outbound }),
      webhookPolicy: overrides.webhookPolicy ?? webhookPolicy,
      random: Math.random,
      log,
      metrics: metrics.executor,
      patienceMs: PATIENCE_MS,
    };
    const wrapped = overrides.wrap?.(ports) ?? ports;
    const worker = await startWorker(
      wrapped,
      { watchPeersMs: database.kind === 'pglite' ? null : WATCH_PEERS_MS, modelLimits },
      {
        child: settleChildren(wrapped),
        expiry: expireRuns(wrapped),
        bulk: workBulk(wrapped),
        schedule: fireSchedules(wrapped),
        budget: tellHeldRuns({ ...wrapped, budgets }),
        room: wakeForRoom({ ...wrapped, budgets }),
        webhook: deliverWebhooks(wrapped),
        files: removeFiles(wrapped),
        retention: deleteExpired(wrapped),
        erasure: eraseTenants(wrapped),
        thaw: thawTenants({ ...wrapped, frozen: stores.frozen }),
      },
      await driverOf(config, wrapped, metrics.engine),
    );
    // It may be the lease that has just found out that this is a copy, whose names in Redis are its own.
    const freezeWatch = new FreezeWatch({ ...stores, log }, (id) => redis?.begin(id));
    freezeWatch.begin();
    own.push(freezeWatch);
    metrics.worker.runsHeld(worker.held);
    metrics.worker.runsDue(() => schedule.depth().catch(() => null));
    log.info({ worker: id }, 'the worker has begun');
    return {
      id,
      log,
      held: worker.held,
      metrics,
      readiness: async () => {
        const wrong = await notReady(database, lease, files);
        const freeze = wrong === null ? await stores.freeze().catch(() => null) : null;
        return {
          ready: wrong === null,
          checks: { worker: wrong ?? 'ok', ...(freeze === null ? {} : { installation: frozenInWords(freeze) }) },
        };
      },
      drain: async () => {
        await worker.drain(config.drainTimeoutMs);
        for (const part of own.toReversed()) await part.close();
      },
    };
  } catch (error) {
    for (const part of own.toReversed()) await part.close();
    throw error;
  }
}

async function driverOf(config: Config, ports: WiredPorts, engine: Metrics['engine']): Promise<OpenDriver> {
  const { concurrency } = config.worker;
  if (config.temporal === null) return embeddedDriver(ports, concurrency);
  // A large library, which nobody else needs in memory.
  const { configuredSettings, temporalDriver } = await import('@holdfast/driver-temporal');
  return temporalDriver(
    { ...ports, engine, page: runPageOf(config) },
    configuredSettings(config.temporal, config.secrets),
    concurrency,
  );
}

/** There is a page only where it is known how the world reaches the API. */
const runPageOf =
  ({ http }: Config) =>
  (run: string): string | null =>
    http.publicBaseUrl === null ? null : `${http.publicBaseUrl}/v1/runs/${run}`;

/** What a run reads and writes waits for the store; whoever cleans up comes again anyway. */
const patientFiles = (files: Artifacts, patience: Patience): ArtifactStore & StoredFiles => ({
  ...patientArtifacts(files, patience),
  runs: () => files.runs(),
  files: (ref) => files.files(ref),
  remove: (ref, file) => files.remove(ref, file),
  removeRun: (ref) => files.removeRun(ref),
  removeTenant: (scope) => files.removeTenant(scope),
  hasTenant: (scope) => files.hasTenant(scope),
});

async function notReady(
  database: OpenDatabase,
  lease: { remaining(): number },
  files: Artifacts,
): Promise<string | null> {
  try {
    await database.ping();
  } catch {
    return 'the database does not answer';
  }
  try {
    await files.ping();
  } catch {
    return 'the store of the artifacts does not answer';
  }
  return lease.remaining() > 0 ? null : 'the lease was lost';
}
