import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@holdfast/core';
import { Client, isGrpcServiceError } from '@temporalio/client';
import { activityInfo } from '@temporalio/activity';
import {
  type ActivityInboundCallsInterceptor,
  DefaultLogger,
  type LogEntry,
  type NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { connect, type Connection, within } from './connect.ts';
import { grpcStatus as status } from './grpc-status.ts';
import { explainFailure } from './explain-failure.ts';
import { missingSearchAttributes } from './search-attributes.ts';
import type { TemporalSettings } from './temporal-settings.ts';
import type { RunActivities } from './workflow/messages.ts';
import { workflowBundle } from './workflow-bundle.ts';

export interface TemporalLinkOptions {
  readonly log: Log;
  readonly identity: string;
  /** Activities at once. */
  readonly concurrency: number;
  readonly activities: RunActivities;
  /** Work of an activity has begun, so many seconds after Temporal had it. */
  readonly began: (seconds: number) => void;
  /** Temporal can be reached, or no longer. */
  readonly changed: (up: boolean) => void;
}

interface Live {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly workers: readonly Worker[];
  /** No more work is to be taken by these workers. */
  readonly leave: AbortController;
}

const AGAIN_MS = 1_000;

/** The way to Temporal and back: a client, and workers that poll. Made anew whenever it breaks, for as long as it takes. */
export class TemporalLink {
  readonly #settings: TemporalSettings;
  readonly #options: TemporalLinkOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #live: Live | null = null;
  /** Workers that let what they hold end, while others may have taken their place. */
  readonly #ending = new Set<Promise<void>>();
  #up = false;
  #taking = true;

  constructor(settings: TemporalSettings, options: TemporalLinkOptions) {
    this.#settings = settings;
    this.#options = options;
    installRuntime(options.log);
    this.#running = this.#run();
  }

  readonly #timed: ActivityInboundCallsInterceptor = {
    execute: (input, next) => {
      const { attempt, currentAttemptScheduledTimestampMs: scheduledAt } = activityInfo();
      // Later attempts wait on purpose.
      if (attempt === 1) this.#options.began(Math.max(0, Date.now() - scheduledAt) / 1_000);
      return next(input);
    },
  };

  /** The token under way is good for a while. */
  readonly #unrenewed = (error: unknown): void => this.#options.log.warn({ err: error }, 'no new token for Temporal');

  get up(): boolean {
    return this.#up;
  }

  /** Whether to take work from Temporal. What is under way when that ends may end, too. */
  take(work: boolean): void {
    if (work === this.#taking) return;
    this.#taking = work;
    if (work) return;
    this.#options.log.warn({}, 'no more work is taken from Temporal: the lease is lost');
    this.#live?.leave.abort();
  }

  /** @throws Error when Temporal is away: then it is known from now on. */
  async call<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const live = this.#live;
    if (live === null) throw new Error('Temporal is away');
    try {
      return await within(live.connection, () => work(live.client));
    } catch (error) {
      if (isUnavailable(error)) this.#lost(live, error);
      throw error;
    }
  }

  /** No more runs are taken from Temporal; those held are let go by whoever holds them. */
  stopPolling(): void {
    this.#stop.abort();
    this.#live?.leave.abort();
  }

  async close(): Promise<void> {
    this.stopPolling();
    await this.#running;
    await Promise.all(this.#ending);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (!this.#taking) {
        await sleep(AGAIN_MS / 10, undefined, { signal }).catch(() => undefined);
        continue;
      }
      try {
        await this.#serve(await connect(this.#settings, this.#unrenewed));
      } catch (error) {
        this.#tell(false, error);
      } finally {
        this.#live = null;
        this.#up = false;
      }
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Until its workers fail or are to take no more work; what they hold then ends beside what follows. */
  async #serve(connection: Connection): Promise<void> {
    const { native } = connection;
    const { address, namespace, taskQueue } = this.#settings;
    const { identity, log } = this.#options;
    const running: Promise<void>[] = [];
    const workers: Worker[] = [];
    try {
      await this.#makeWorkers(native, workers);
      const leave = new AbortController();
      const client = new Client({ connection: native, namespace, identity });
      const live: Live = { connection: native, client, workers, leave };
      const left = new Promise<void>((resolve) =>
        leave.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      running.push(...workers.map((worker) => worker.run()));
      if (this.#stop.signal.aborted || !this.#taking) return;
      this.#live = live;
      this.#tell(true);
      log.info({ address, namespace, task_queue: taskQueue }, 'Temporal hands runs to this worker');
      await Promise.race([left, ...running]);
    } finally {
      // One that never ran holds on to the connection until it has run.
      for (const worker of workers) if (worker.getState() === 'INITIALIZED') running.push(worker.run());
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      const ended: Promise<void> = Promise.allSettled(running)
        .then(() => connection.close())
        .catch((error: unknown) => log.warn({ err: error }, 'a connection to Temporal could not be closed'))
        .then(() => void this.#ending.delete(ended));
      this.#ending.add(ended);
    }
  }

  async #makeWorkers(connection: NativeConnection, workers: Worker[]): Promise<void> {
    const { namespace, taskQueue, advanceTaskQueue } = this.#settings;
    const { identity, concurrency, activities } = this.#options;
    const missing = await missingSearchAttributes(connection, this.#settings);
    if (missing.length > 0)
      throw new Error(
        `Namespace ${namespace} lacks the search attributes ${missing.join(', ')}: run holdfast migrate.`,
      );
    const shared = {
      connection,
      namespace,
      identity,
      activities: { ...activities },
      interceptors: { activity: [() => ({ inbound: this.#timed })] },
      maxConcurrentActivityTaskExecutions: concurrency,
      maxHeartbeatThrottleInterval: '2s' as const,
      // The worker that had a workflow last is asked first. It may be dead: not for long.
      stickyQueueScheduleToStartTimeout: '500ms' as const,
    };
    workers.push(
      await Worker.create({
        ...shared,
        taskQueue,
        workflowBundle: await workflowBundle(new DefaultLogger('WARN')),
        // Less, and starts could not be given to this worker at once.
        maxConcurrentWorkflowTaskExecutions: concurrency,
      }),
    );
    if (advanceTaskQueue !== taskQueue) workers.push(await Worker.create({ ...shared, taskQueue: advanceTaskQueue }));
  }

  /** Calls fail: looks every so often whether it is back. The workers poll on by themselves. */
  #lost(live: Live, error: unknown): void {
    if (!this.#up) return;
    this.#tell(false, error);
    const look = async (): Promise<void> => {
      while (!this.#stop.signal.aborted && this.#live === live) {
        await sleep(AGAIN_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        try {
          const { namespace } = this.#settings;
          await within(live.connection, () => live.connection.workflowService.describeNamespace({ namespace }));
          if (this.#live === live) this.#tell(true);
          return;
        } catch {
          // Still away.
        }
      }
    };
    void look();
  }

  #tell(up: boolean, error?: unknown): void {
    const was = this.#up;
    this.#up = up && !this.#stop.signal.aborted;
    if (!up && !this.#stop.signal.aborted)
      this.#options.log.warn(
        { address: this.#settings.address, err: error },
        `Temporal cannot be used; runs stay queued: ${explainFailure(error, this.#settings)}`,
      );
    if (was !== up || !up) this.#options.changed(up);
  }
}

const AWAY = new Set<number>([
  status.DEADLINE_EXCEEDED,
  status.PERMISSION_DENIED,
  status.UNAVAILABLE,
  status.UNAUTHENTICATED,
]);

function isUnavailable(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return isGrpcServiceError(cause) && AWAY.has(cause.code);
}

let installed = false;

/** Temporal's core is one for the process: it must leave signals to us, and write its lines where ours are. */
function installRuntime(log: Log): void {
  if (installed) return;
  installed = true;
  const write = ({ level, message, meta }: LogEntry): void => {
    const facts = { temporal: meta ?? {} };
    if (level === 'ERROR') log.error(facts, message);
    else if (level === 'WARN') log.warn(facts, message);
    else log.info(facts, message);
  };
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', write),
    // Without it the core writes lines of its own to standard output, in between ours.
    telemetryOptions: { logging: { forward: {} } },
  });
}
