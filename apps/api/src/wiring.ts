import { join } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import { McpTools, readToolServersFile } from '@holdfast/adapters/mcp';
import { rehearsalCatalog } from '@holdfast/adapters/models';
import { type OpenDatabase, openDatabase } from '@holdfast/adapters/postgres';
import { createLogger, createMetrics, type Metrics } from '@holdfast/adapters/telemetry';
import type { Config } from '@holdfast/contracts';
import {
  type ArtifactStore,
  cachedVersions,
  EventStreams,
  type Log,
  type ModelCatalogue,
  type ToolServers,
} from '@holdfast/core';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import type { ApiPorts } from './ports.ts';
import { encodeEvent } from './sse/sse-listener.ts';

/** What a test or the standalone program brings along; the rest is made from the configuration. */
export interface ApiOverrides {
  readonly database?: OpenDatabase;
  readonly artifacts?: ArtifactStore;
  readonly models?: ModelCatalogue;
  readonly toolServers?: ToolServers;
  readonly log?: Log;
  readonly metrics?: Metrics;
}

export interface Api {
  readonly app: FastifyInstance;
  readonly ports: ApiPorts;
  /** Ends streams, finishes requests, closes what was opened here. */
  close(): Promise<void>;
}

/** The API on its ports, listening nowhere yet. @throws DatabaseNotUsable, ToolServersFileInvalid. */
export async function wireApi(config: Config, overrides: ApiOverrides = {}): Promise<Api> {
  const log = overrides.log ?? createLogger({ level: config.logLevel, name: 'api' });
  const metrics = overrides.metrics ?? createMetrics();
  const database = overrides.database ?? (await openFor(config));
  const own: { close(): Promise<void> }[] = [];
  try {
    const toolServers = overrides.toolServers ?? (await ownTools(config, log, own));
    if (overrides.database === undefined) {
      own.push(database);
      for (const warning of database.warnings) log.warn({}, warning);
    }
    const { agents, directory, keys, runs, transactions } = await database.api();
    const { clock, hints } = database;
    const ports: ApiPorts = {
      agents,
      directory,
      keys,
      runs,
      transactions,
      clock,
      hints,
      artifacts: overrides.artifacts ?? new FileArtifactStore(join(config.dataDir, 'artifacts')),
      versions: cachedVersions((scope, id) => agents.versionById(scope, id)),
      publishing: { models: overrides.models ?? rehearsalCatalog(), tools: toolServers },
      streams: new EventStreams({ directory, runs, hints }, encodeEvent),
      log,
      metrics,
      readiness: () => readinessOf(database),
    };
    const app = buildApp(ports);
    return {
      app,
      ports,
      close: async () => {
        await app.close();
        for (const part of own) await part.close();
      },
    };
  } catch (error) {
    for (const part of own) await part.close();
    throw error;
  }
}

/** Each process opens the database by itself; with PGlite there is only one process. */
function openFor({ database, secrets, worker }: Config): Promise<OpenDatabase> {
  const options = { hints: worker.wakeHints };
  if (database.kind === 'pglite') return openDatabase(`pglite://${database.folder}`, options);
  if (secrets.database === null) throw new Error('a Postgres without its URL');
  return openDatabase(secrets.database.url, { ...options, directUrl: secrets.database.direct });
}

/** Only asked for their lists; the calls are the workers'. */
async function ownTools({ toolServers }: Config, log: Log, own: { close(): Promise<void> }[]): Promise<ToolServers> {
  const servers = toolServers.file === null ? new Map() : await readToolServersFile(toolServers.file);
  const tools = new McpTools({
    servers,
    environment: toolServers.environment,
    log: (server) => ({
      debug: () => undefined,
      info: (fields, message) => log.info({ ...fields, server }, message),
      warn: (fields, message) => log.warn({ ...fields, server }, message),
    }),
  });
  own.push(tools);
  return tools;
}

async function readinessOf(database: OpenDatabase): Promise<Readonly<Record<string, string>>> {
  try {
    await database.ping();
    return { database: 'ok' };
  } catch {
    return { database: 'does not answer, or takes no writes' };
  }
}
