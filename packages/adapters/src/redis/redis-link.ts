import type { Log } from '@holdfast/core';
import type { Redis } from 'ioredis';
import { connection } from './connection.ts';
import { connectionClosed, explainFailure } from './explain-failure.ts';
import { addressOf, type RedisSettings } from './settings.ts';
import { tryRights } from './rights.ts';

export interface RedisMetrics {
  reachable(up: boolean): void;
  /** Words of a model that other processes did not get. */
  deltaLost(): void;
}

export interface RedisPorts {
  readonly log: Log;
  readonly metrics: RedisMetrics;
}

type Hear = (message: string) => void;

/** How often it is asked whether the server is there, ms. */
const LOOK_MS = 1_000;
/** How long requests wait at the start to be counted, ms. */
const BEGIN_MS = 500;
const NOT_YET = 'It is not connected yet.';

/**
 * What one process has of a Redis or Valkey: a connection for commands and one that listens. Each comes back by itself.
 * While one is missing, or the server refuses what is needed, the link is down and says so, once.
 */
export class RedisLink {
  readonly commands: Redis;
  /** Resolves when it is known whether the server can be used, or half a second after the begin: a start is no outage. */
  readonly begun: Promise<void>;
  readonly #subscriber: Redis;
  readonly #settings: RedisSettings;
  readonly #ports: RedisPorts;
  readonly #heard = new Map<string, Set<Hear>>();
  readonly #changed = new Set<() => void>();
  #prefix: string | null = null;
  #looking: NodeJS.Timeout | null = null;
  #up = false;
  /** An outage was told in the log, and its end was not. */
  #told = false;
  /** Grows with each connection that ends: what was begun before says nothing. */
  #epoch = 0;
  #preparing = false;
  #closed = false;
  /** Of the outage that there is, or was. */
  #why: string | null = null;
  #settle: () => void = () => undefined;

  constructor(settings: RedisSettings, ports: RedisPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.commands = connection(settings);
    this.#subscriber = connection(settings);
    for (const each of [this.commands, this.#subscriber]) this.#watch(each);
    this.#subscriber.on('message', (channel: string, message: string) => {
      const prefix = this.named('');
      // What is still under way may bear the names of before.
      if (!channel.startsWith(prefix)) return;
      for (const hear of this.#heard.get(channel.slice(prefix.length)) ?? []) hear(message);
    });
    ports.metrics.reachable(false);
    this.begun = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /**
   * Connects, and goes on trying. All that this installation has at the server bears its id. It may be said again: a freeze
   * gives an installation another id, and what it was copied from keeps the names of before.
   */
  begin(installation: string): void {
    const [before, prefix] = [this.#prefix, prefixOf(installation)];
    if (before === prefix) return;
    this.#prefix = prefix;
    if (before !== null) return this.#leaveNames(before);
    for (const each of [this.commands, this.#subscriber]) void each.connect().catch(() => undefined);
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.#looking.unref();
    setTimeout(this.#settle, BEGIN_MS).unref();
  }

  get up(): boolean {
    return this.#up;
  }

  /** The name of a key or channel. */
  named(name: string): string {
    if (this.#prefix === null) throw new Error('the installation is not known yet');
    return this.#prefix + name;
  }

  /** What is wrong, of a command that has failed. */
  explain(error: unknown): string {
    // Without a connection the library says only that there is none.
    return this.commands.status === 'ready' ? explainFailure(error, this.#settings) : (this.#why ?? NOT_YET);
  }

  /** Resolves when the server has it. Rejects when it may not have it, within half a second. */
  async publish(name: string, message: string): Promise<void> {
    await this.commands.publish(this.named(name), message);
  }

  /** What comes from now on; nothing while the link is down. Returns the function that leaves. */
  subscribe(name: string, hear: Hear): () => void {
    const others = this.#heard.get(name);
    const all = others ?? new Set();
    this.#heard.set(name, all.add(hear));
    if (others === undefined && this.#subscriber.status === 'ready')
      void this.#listenTo([name]).catch((error: unknown) => {
        // A connection that has ended has said more.
        if (this.#subscriber.status === 'ready') this.#fail(error);
      });
    return () => {
      all.delete(hear);
      if (all.size > 0 || this.#heard.get(name) !== all) return;
      this.#heard.delete(name);
      // A connection that is gone has left everything.
      if (this.#subscriber.status === 'ready')
        void this.#subscriber.unsubscribe(this.named(name)).catch(() => undefined);
    };
  }

  /** Told when the link has come up or gone down. */
  onChange(listener: () => void): void {
    this.#changed.add(listener);
  }

  close(): void {
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#closed = true;
    this.#up = false;
    for (const each of [this.commands, this.#subscriber]) each.disconnect();
  }

  #watch(redis: Redis): void {
    // Of the connection that is there or tried now.
    let failure: unknown = null;
    redis.on('connect', () => (failure = null));
    redis.on('error', (error: unknown) => (failure ??= error));
    redis.on('ready', () => {
      // The library goes on when the number of the database was refused.
      if (failure !== null) redis.disconnect(true);
      else this.#look();
    });
    redis.on('close', () => {
      this.#epoch += 1;
      this.#fail(failure ?? connectionClosed());
      failure = null;
    });
  }

  /** Each second, and when a connection is there. A server that is silent is found by the time limit of the connection. */
  #look(): void {
    if (this.commands.status !== 'ready' || this.#subscriber.status !== 'ready') return;
    if (!this.#up) return void this.#prepare();
    for (const each of [this.commands, this.#subscriber]) void each.ping().catch(() => undefined);
  }

  /** As after an outage, but that the connections stay. */
  #leaveNames(before: string): void {
    this.#epoch += 1;
    const was = this.#up;
    this.#up = false;
    const names = [...this.#heard.keys()].map((name) => before + name);
    if (this.#subscriber.status === 'ready' && names.length > 0)
      void this.#subscriber.unsubscribe(...names).catch(() => undefined);
    if (was) for (const listener of this.#changed) listener();
    this.#look();
  }

  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    const epoch = this.#epoch;
    try {
      await tryRights(this.commands, this.#subscriber, this.named(''));
      await this.#listenTo([...this.#heard.keys()]);
      if (epoch === this.#epoch && !this.#closed) this.#rise();
    } catch (error) {
      // A connection that has ended meanwhile has said more.
      if (epoch === this.#epoch) this.#fail(error);
    } finally {
      this.#preparing = false;
    }
  }

  async #listenTo(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#subscriber.subscribe(...names.map((name) => this.named(name)));
  }

  #rise(): void {
    this.#up = true;
    const { log, metrics } = this.#ports;
    metrics.reachable(true);
    if (this.#told) log.info({}, `Redis is there again at ${addressOf(this.#settings)}`);
    this.#told = false;
    this.#settle();
    for (const listener of this.#changed) listener();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    const was = this.#up;
    this.#up = false;
    const { log, metrics } = this.#ports;
    metrics.reachable(false);
    this.#why = explainFailure(error, this.#settings, was);
    if (!this.#told) log.warn({}, `Redis cannot be used; everything goes on without it. ${this.#why}`);
    this.#told = true;
    this.#settle();
    if (was) for (const listener of this.#changed) listener();
  }
}

/** What belongs to one installation begins with this, so that several can share a server. */
const prefixOf = (installation: string): string => `holdfast:${installation}:`;
