import { randomUUID } from 'node:crypto';
import {
  agentVersionResource,
  artifactPage,
  attentionPage,
  type DecideBody,
  decisionReceipt,
  messageReceipt,
  problem,
  runPage,
  runResource,
  runSummary,
  type SendMessageBody,
  type StartRunBody,
  type WireEvent,
  wireEvent,
} from '@holdfast/contracts';
import type { z } from 'zod';
import { exitCodes, Failure } from './failure.ts';
import { parseSse } from './sse.ts';

export interface ClientSettings {
  readonly url: string;
  readonly key: string;
}

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly raw?: string;
  readonly signal?: AbortSignal;
}

const RECONNECT_MS = 1_000;
const RECONNECTS = 30;

/** The API of one server, as one key sees it. What it refuses becomes a `Failure` in its words. */
export class Client {
  readonly #settings: ClientSettings;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  publish = (text: string, type: 'application/json' | 'application/yaml') =>
    this.#json('/v1/agents', agentVersionResource, {
      method: 'POST',
      raw: text,
      headers: { 'content-type': type, 'idempotency-key': randomUUID() },
    });

  startRun = (body: StartRunBody) => this.#create('/v1/runs', runResource, body);
  listRuns = (query: Readonly<Record<string, string>>) =>
    this.#json(`/v1/runs?${new URLSearchParams(query).toString()}`, runPage);
  getRun = (run: string) => this.#json(`/v1/runs/${seg(run)}`, runResource);
  sendMessage = (run: string, body: SendMessageBody) =>
    this.#create(`/v1/runs/${seg(run)}/messages`, messageReceipt, body);
  steer = (run: string, operation: 'pause' | 'resume' | 'cancel', body: object) =>
    this.#json(`/v1/runs/${seg(run)}/${operation}`, runSummary, { method: 'POST', body });
  attention = (query: Readonly<Record<string, string>>) =>
    this.#json(`/v1/attention?${new URLSearchParams(query).toString()}`, attentionPage);
  decide = (run: string, ref: string, body: DecideBody) =>
    this.#create(`/v1/runs/${seg(run)}/attention/${seg(ref)}`, decisionReceipt, body);
  artifacts = (run: string) => this.#json(`/v1/runs/${seg(run)}/artifacts`, artifactPage);

  async artifact(run: string, digest: string): Promise<Uint8Array> {
    const response = await this.#fetch(`/v1/runs/${seg(run)}/artifacts/${seg(digest)}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Events after `after`, then those that come, until the run's end. Cut streams are resumed. */
  async *events(run: string, after = 0, signal?: AbortSignal): AsyncGenerator<WireEvent> {
    let cursor = after;
    for (let failures = 0; ;) {
      const stream = await this.#fetch(`/v1/runs/${seg(run)}/events`, {
        headers: { accept: 'text/event-stream', ...(cursor > 0 ? { 'last-event-id': String(cursor) } : {}) },
        ...(signal === undefined ? {} : { signal }),
      }).catch((error: unknown) => {
        if (cursor === after || failures >= RECONNECTS || signal?.aborted === true) throw error;
        return null;
      });
      if (stream?.status === 204) return;
      try {
        for await (const message of parseSse(stream?.body ?? nothing())) {
          failures = 0;
          if (message.id !== '') cursor = Number(message.id);
          if (message.event === 'reset' || message.event === 'cut') continue;
          yield wireEvent.parse(JSON.parse(message.data));
          if (message.event.startsWith('run.') && ends.has(message.event)) return;
        }
      } catch (error) {
        if (signal?.aborted === true || !(error instanceof TypeError)) throw error;
      }
      failures += 1;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }

  #create<S extends z.ZodType>(path: string, schema: S, body: unknown): Promise<z.output<S>> {
    return this.#json(path, schema, { method: 'POST', body, headers: { 'idempotency-key': randomUUID() } });
  }

  async #json<S extends z.ZodType>(path: string, schema: S, ask: Ask = {}): Promise<z.output<S>> {
    const response = await this.#fetch(path, ask);
    return schema.parse(await response.json());
  }

  async #fetch(path: string, { method = 'GET', body, raw, headers = {}, signal }: Ask = {}): Promise<Response> {
    const { url, key } = this.#settings;
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new Failure(
        `Nobody answers at ${url}. Start Holdfast (npm start), or set HOLDFAST_URL.`,
        exitCodes.unreachable,
      );
    });
    if (!response.ok) throw await failureOf(response);
    return response;
  }
}

const ends = new Set(['run.succeeded', 'run.failed', 'run.cancelled']);

const seg = encodeURIComponent;

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function failureOf(response: Response): Promise<Failure> {
  const parsed = problem.safeParse(await response.json().catch(() => null));
  if (!parsed.success) return new Failure(`The server answered ${response.status} ${response.statusText}.`);
  const { detail, code, errors = [] } = parsed.data;
  const places = errors.length > 1 ? errors.map(({ path, message }) => `\n  ${path}: ${message}`).join('') : '';
  const hint = response.status === 401 ? ' Set HOLDFAST_API_KEY.' : '';
  return new Failure(`${detail}${hint} (${code})${places}`);
}
