import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConfiguredArtifacts } from '@holdfast/adapters/artifacts';
import { configuredModels } from '@holdfast/adapters/models';
import { migrate, type OpenDatabase, openDatabase } from '@holdfast/adapters/postgres';
import { createLogger, createMetrics } from '@holdfast/adapters/telemetry';
import { type Api, wireApi } from '@holdfast/api';
import { type OwnLimits, parseEnv, type Role } from '@holdfast/contracts';
import {
  createTenant,
  LocalDeltas,
  newKey,
  type PlatformTools,
  type RateLimiter,
  Redaction,
  type WebhookPolicy,
} from '@holdfast/core';
import { wireWorker } from '@holdfast/worker';
import { expectDocumented } from './documented.ts';

export interface TestServer {
  readonly url: string;
  readonly api: Api;
  readonly database: OpenDatabase;
  /** Where files of runs lie, as <tenant>/<run>/<digest>. */
  readonly files: string;
  /** A tenant and its admin key. */
  tenant(name: string): Promise<{ readonly id: string; readonly key: string }>;
  /** Gives it numbers of its own; null = the installation's again. */
  limit(name: string, changes: Readonly<Partial<Record<keyof OwnLimits, number | null>>>): Promise<void>;
  key(tenant: string, roles: readonly Role[], expiresAt?: number): Promise<string>;
  ask(
    key: string | null,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  // What a test looks into is its own affair.
  readonly json: Record<string, unknown>;
}

const noServers: PlatformTools = {
  names: () => [],
  list: () => Promise.reject(new Error('there are none')),
  call: () => Promise.resolve({ type: 'not-sent', message: 'no servers here' }),
};

export interface ServerOptions {
  readonly hints?: boolean;
  readonly worker?: boolean;
  /** Further workers, each with a database connection of its own; not on PGlite. */
  readonly moreWorkers?: number;
  readonly drainMs?: number;
  readonly webhookPolicy?: WebhookPolicy;
  /** Default: in memory. */
  readonly rateLimiter?: RateLimiter;
  /** Further settings. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** API, and worker unless told otherwise, on a database, listening on a free port. */
export async function startServer(
  databaseUrl: string,
  {
    hints = true,
    worker = true,
    moreWorkers = 0,
    drainMs = 25_000,
    webhookPolicy,
    rateLimiter,
    environment = {},
  }: ServerOptions = {},
): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  const config = parseEnv({
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    DRAIN_TIMEOUT_MS: String(drainMs),
    // Tests ask more than people do, all from one address.
    RATE_LIMITS: 'off',
    ...environment,
  });
  // Real tool servers, where the test names some.
  const ownTools = 'TOOL_SERVERS_FILE' in environment;
  const database = await openDatabase(databaseUrl, { hints });
  await migrate(database);
  const owner = await database.owner();
  const log = createLogger({ level: 'error', name: 'test' });
  const redaction = new Redaction();
  const shared = {
    database,
    redaction,
    artifacts: await openConfiguredArtifacts(config),
    log,
    metrics: createMetrics(),
    deltas: new LocalDeltas(),
    ...(webhookPolicy === undefined ? {} : { webhookPolicy }),
  };
  const models = await configuredModels(config, redaction);
  const model = models.catalog;
  const platform = ownTools ? {} : { platformTools: noServers };
  const counting = rateLimiter === undefined ? {} : { rateLimiter };
  const api = await wireApi(config, { ...shared, ...counting, models: model, ...platform });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const modelLimits = models.catalog.runLimits();
  const working = worker ? await wireWorker(config, { ...shared, model, modelLimits, ...platform }) : null;
  const more = await Promise.all(
    Array.from({ length: moreWorkers }, async () => {
      const own = { ...shared, database: await openDatabase(databaseUrl, { hints }), metrics: createMetrics() };
      const running = await wireWorker(config, { ...own, model, modelLimits, ...platform });
      return { drain: () => running.drain().then(() => own.database.close()) };
    }),
  );
  const address = api.app.addresses()[0];
  if (address === undefined || typeof address === 'string') throw new Error('the API does not listen');
  const url = `http://127.0.0.1:${address.port}`;

  return {
    url,
    api,
    database,
    files: join(dataDir, 'artifacts'),
    tenant: async (name) => {
      const { tenant, key } = await createTenant(owner, name, 100);
      return { id: tenant, key };
    },
    limit: async (name, changes) => void (await owner.setLimits(name, changes)),
    key: async (tenant, roles, expiresAt) => {
      const { stored, text } = newKey(tenant, roles.join(), roles, expiresAt ?? null);
      await owner.addKey({ tenant }, stored);
      return text;
    },
    ask: (key, method, path, body, headers) => ask(url, key, method, path, body, headers),
    close: async () => {
      await Promise.all(more.map((each) => each.drain()));
      await working?.drain();
      await api.close();
      await models.close();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function ask(
  url: string,
  key: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  const raw = isRaw ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(raw === undefined
        ? {}
        : { 'content-type': raw instanceof Uint8Array ? 'application/octet-stream' : 'application/json' }),
      ...headers,
    },
    ...(raw === undefined ? {} : { body: raw }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const json = /json(;|$)/.test(type) && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {};
  const answer = { status: response.status, type, headers: response.headers, text, json };
  expectDocumented(method, path, answer);
  return answer;
}

/** Writes `steps` small files, one a step, and ends. */
export const scribe = (name: string, steps: number, extra: object = {}) => ({
  name,
  tools: [{ builtin: 'artifacts.write' }, { builtin: 'ask' }, { builtin: 'wait' }],
  limits: { steps: 100_000, tokens: 1_000_000_000 },
  rehearsal: [
    { calls: [{ tool: 'artifacts_write', args: { name: 'note.txt', content: 'note' } }], repeat: steps },
    { say: 'done' },
  ],
  ...extra,
});
