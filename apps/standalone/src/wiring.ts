import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openConfiguredArtifacts } from '@holdfast/adapters/artifacts';
import { registeredTools } from '@holdfast/adapters/mcp';
import { configuredModels } from '@holdfast/adapters/models';
import { migrate, type OpenDatabase, openConfigured } from '@holdfast/adapters/postgres';
import { openConfiguredRedis } from '@holdfast/adapters/redis';
import { LocalCipher } from '@holdfast/adapters/secrets';
import { createLogger, createMetrics } from '@holdfast/adapters/telemetry';
import { type Api, listeningUrl, wireApi } from '@holdfast/api';
import type { Config } from '@holdfast/contracts';
import { LocalDeltas, Redaction } from '@holdfast/core';
import { type RunningWorker, wireWorker } from '@holdfast/worker';
import { fileServer } from './file-server.ts';
import { type DemoKey, demoKey, keepKey } from './first-key.ts';
import { loginOf } from './login.ts';
import { openLogFile } from './log-file.ts';

export interface Standalone {
  readonly api: Api;
  readonly worker: RunningWorker;
  readonly demo: DemoKey;
  readonly url: string;
  readonly logFile: string;
  /** What is said at start about how people log in. */
  readonly loginLine: string;
  readonly database: OpenDatabase['kind'];
  /** The artifacts are in the folder `artifacts` of the data directory. */
  readonly inFolder: boolean;
  /** Drains the worker, then the API, then closes what is below. */
  close(): Promise<void>;
}

interface Part {
  close(): Promise<void>;
}

/**
 * API and worker in one process on one database, listening and at work. `folder`: what the tool server `files` may read.
 * @throws DatabaseNotUsable, ToolServersFileInvalid, ModelsFileInvalid, KeyFileInvalid, RedisCaInvalid, EADDRINUSE of Node.
 */
export async function wireStandalone(
  config: Config,
  folder: string,
  warn: (text: string) => void,
): Promise<Standalone> {
  const dataDir = resolve(config.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // Closed in the opposite order.
  const parts: Part[] = [];
  const close = async (): Promise<void> => {
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) await part.close();
  };
  try {
    const logFile = join(dataDir, 'holdfast.log');
    const file = openLogFile(logFile, warn);
    parts.push(file);
    const redaction = new Redaction();
    const log = createLogger({ level: config.logLevel, name: 'standalone', redaction }, file);
    const cipher = new LocalCipher(config.secretsKeyFile);
    const metrics = createMetrics();
    const redis = openConfiguredRedis(config, { log, metrics: metrics.redis });
    const database = await openConfigured(config, { program: 'holdfast-standalone' }, redis ?? {});
    parts.push(database);
    if (redis !== null) parts.push(redis);
    for (const warning of database.warnings) log.warn({}, warning);
    const { lockTimeoutMs } = config.connections;
    await migrate(
      database,
      config.secrets.database === null ? {} : { url: config.secrets.database.migrate, lockTimeoutMs },
    );
    if (config.temporal !== null) {
      const { configuredSettings, explainFailure, prepareNamespace } = await import('@holdfast/driver-temporal');
      const settings = configuredSettings(config.temporal, config.secrets);
      // With Temporal away everything starts all the same: runs are queued until it is there.
      await prepareNamespace(settings).catch((error: unknown) =>
        warn(`Temporal cannot be prepared: ${explainFailure(error, settings)}`),
      );
    }
    const demo = await demoKey(await database.owner(), dataDir, config.tenantSlots);

    const artifacts = await openConfiguredArtifacts({ ...config, dataDir });
    parts.push(artifacts);
    if (config.s3 !== null) {
      const { makeBucket } = await import('@holdfast/adapters/s3');
      // With the store away everything starts all the same: what needs it waits.
      await makeBucket({ ...config.s3, credentials: config.secrets.s3 }).catch((error: unknown) =>
        warn(`The artifacts' bucket cannot be prepared: ${error instanceof Error ? error.message : String(error)}`),
      );
    }
    const models = await configuredModels(config, redaction);
    parts.push(models);
    const model = models.catalog;
    const mcp = await registeredTools(config.toolServers, log, new Map([['files', fileServer(folder)]]));
    parts.push(mcp);
    const login = await loginOf(config, dataDir, (text) => log.warn({}, text));
    if (login.development !== null) parts.push(login.development);
    const deltas = redis?.deltas ?? new LocalDeltas();
    const shared = { database, artifacts, log, metrics, deltas, redis, cipher, redaction };
    const api = await wireApi(login.config, { ...shared, models: model, platformTools: mcp });
    parts.push(api);
    await api.app.listen({ host: config.http.host, port: config.http.port });
    const url = config.http.publicBaseUrl ?? listeningUrl(api.app);
    login.development?.servesApi(url);
    keepKey(demo, url);
    const worker = await wireWorker(config, {
      ...shared,
      model,
      modelLimits: models.catalog.runLimits(),
      platformTools: mcp,
    });
    parts.push({ close: () => worker.drain() });
    return {
      api,
      worker,
      demo,
      url,
      logFile,
      loginLine: login.line,
      database: database.kind,
      inFolder: config.s3 === null,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
