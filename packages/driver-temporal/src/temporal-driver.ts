import {
  type AdvancePorts,
  type Hints,
  type Holds,
  hasEnded,
  keptPlaces,
  LeastRecentlyUsed,
  noPlaces,
  type OpenDriver,
  Periodic,
  type PickedRun,
  type Places,
  placesOf,
  type RunDirectory,
  type RunDriver,
  type RunRef,
  type Take,
} from '@holdfast/core';
import pLimit from 'p-limit';
import { createActivities } from './activities.ts';
import { endedPastUs, UNHEARD_MS } from './reconcile.ts';
import { lastExecution, settleLoss } from './settle-loss.ts';
import { TemporalLink } from './temporal-link.ts';
import type { TemporalSettings } from './temporal-settings.ts';
import { startWorkflow, wakeRun } from './wake-run.ts';

export interface TemporalDriverPorts extends AdvancePorts {
  readonly hints: Hints;
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly engine: TemporalMetrics;
  /** The address of a run's page; null where none is configured. */
  readonly page: (run: string) => string | null;
}

/** What is counted. */
export interface TemporalMetrics {
  reachable(up: boolean): void;
  /** From the time at which Temporal had the work to its begin here. */
  began(seconds: number): void;
  /** A run that was handed to Temporal was begun by no worker within two leases. */
  unheard(): void;
}

/** A worker whose lease has been lost for this long can do nothing with a run, ms. */
const LEASELESS_MS = 1_000;
const LOOK_AT_LEASE_MS = 250;
const RECONCILE_MS = 60_000;
const TELL_MS = 10_000;
/**
 * Runs that a worker hands over at once. A server that is slow with many calls would let all of them run into their time
 * limit, and then meet them all again.
 */
const HANDED_AT_ONCE = 16;
/** What ended longer ago was found by an earlier look, or is found when the run is next to go on. */
const LOOK_BACK_MS = 600_000;

/**
 * Hands runs to their workflows in Temporal, and is a worker to which Temporal hands them back, at most `limit` at once.
 * While Temporal is away, runs stay due; they are handed over when it is back.
 */
export const temporalDriver =
  (ports: TemporalDriverPorts, settings: TemporalSettings, limit: number): OpenDriver =>
  (holds, freed) =>
    new TemporalDriver(ports, settings, limit, holds, freed);

interface Handed {
  readonly run: RunRef & Partial<PickedRun>;
  readonly take: Take;
  /** Monotonic, ms. */
  readonly at: number;
}

class TemporalDriver implements RunDriver {
  readonly reserveMs = UNHEARD_MS;
  readonly #ports: TemporalDriverPorts;
  readonly #limit: number;
  readonly #holds: Holds;
  readonly #link: TemporalLink;
  readonly #unsubscribe: () => void;
  readonly #settings: TemporalSettings;
  /** Handed to Temporal, and not known to be claimed. */
  readonly #handed = new Map<string, Handed>();
  readonly #handing = pLimit(HANDED_AT_ONCE);
  readonly #freed: (ended: boolean) => void;
  /** Executions that were found to have ended past Holdfast. */
  readonly #found = new LeastRecentlyUsed<true>(10_000);
  readonly #reconciling: Periodic;
  /** Writes down whether Temporal is away. One after the other, so that the newest word stands; again, in case the row is new. */
  readonly #telling: Periodic;
  readonly #watch: NodeJS.Timeout;

  constructor(
    ports: TemporalDriverPorts,
    settings: TemporalSettings,
    limit: number,
    holds: Holds,
    freed: (ended: boolean) => void,
  ) {
    this.#ports = ports;
    this.#settings = settings;
    this.#limit = limit;
    this.#holds = holds;
    this.#freed = freed;
    this.#link = new TemporalLink(settings, {
      log: ports.log,
      identity: ports.lease.worker,
      concurrency: limit + keptPlaces(limit),
      activities: createActivities({ ...ports, holds, freed, handed: (run) => void this.#handed.delete(run) }),
      began: (seconds) => ports.engine.began(seconds),
      changed: (up) => this.#changed(up),
    });
    this.#reconciling = new Periodic(
      () => this.#reconcile().then(() => RECONCILE_MS),
      RECONCILE_MS,
      (error) => ports.log.warn({ err: error }, 'what Temporal has ended could not be looked for'),
    );
    this.#telling = new Periodic(
      () => ports.lease.tellProblem(this.#link.up ? null : 'engine_unavailable').then(() => TELL_MS),
      1_000,
      (error) => ports.log.warn({ err: error }, 'that Temporal is away, or back, could not be written down'),
    );
    let leasedAt = ports.clock.monotonic();
    this.#watch = setInterval(() => {
      const now = ports.clock.monotonic();
      if (ports.lease.remaining() > 0) leasedAt = now;
      this.#link.take(now - leasedAt < LEASELESS_MS);
    }, LOOK_AT_LEASE_MS);
    this.#watch.unref();
    this.#unsubscribe = ports.hints.subscribe((hint) => {
      if (hint.about === 'run' || hint.about === 'deleted') this.#handed.delete(hint.run);
    });
  }

  get places(): Places {
    if (this.#holds.draining || !this.#link.up) return noPlaces;
    const now = this.#ports.clock.monotonic();
    for (const [run, { at }] of this.#handed) {
      if (at >= now - UNHEARD_MS) continue;
      this.#handed.delete(run);
      this.#ports.engine.unheard();
      this.#ports.log.warn({ run_id: run }, 'no worker has begun the run that was handed to Temporal; once more');
    }
    const places = placesOf(this.#limit, [...this.#holds.refs(), ...[...this.#handed.values()].map(({ run }) => run)]);
    const { activeCount, pendingCount } = this.#handing;
    const free = Math.max(0, Math.min(places.free, HANDED_AT_ONCE - activeCount - pendingCount));
    return { ...places, free, open: Math.min(places.open, free) };
  }

  take(run: RunRef & Partial<PickedRun>, take: Take): void {
    const before = this.#handed.get(run.run)?.take;
    // That its holder has died meanwhile is news.
    if (before !== undefined && (take.type === 'claim' || before.type === 'take-over')) return;
    this.#handOver(run, take);
  }

  async ended(run: RunRef): Promise<void> {
    await this.#link.call((client) => wakeRun(client, run, { type: 'claim' }));
  }

  async drain(): Promise<void> {
    this.#unsubscribe();
    clearInterval(this.#watch);
    // First, so that what Temporal then cancels here is known to be drained.
    const drained = this.#holds.drain();
    this.#link.stopPolling();
    await Promise.all([this.#reconciling.stop(), this.#telling.stop()]);
    await drained;
    await this.#link.close();
  }

  #handOver(run: Handed['run'], take: Take): void {
    this.#handed.set(run.run, { run, take, at: this.#ports.clock.monotonic() });
    void this.#handing(() => this.#hand(run, take)).then(() => this.#freed(false));
  }

  async #hand(run: Handed['run'], take: Take): Promise<void> {
    const { log, page, clock } = this.#ports;
    // Somebody has begun it meanwhile, or there is newer word about it.
    if (this.#handed.get(run.run)?.run !== run) return;
    this.#handed.set(run.run, { run, take, at: clock.monotonic() });
    try {
      // Calls of their own: what the database needs in between must not look as if Temporal were slow.
      const start = (): Promise<void> =>
        this.#link.call((client) => startWorkflow({ client, settings: this.#settings, page }, run));
      if (run.begun === false) return await start();
      if (await this.#link.call((client) => wakeRun(client, run, take))) return;
      const last = await this.#link.call((client) => lastExecution(client, run.run));
      if (await settleLoss(this.#ports, run, last)) await start();
    } catch (error) {
      // The row stays due: it is handed over again, when Temporal is back or the row is offered again.
      if (this.#link.up && this.#handed.get(run.run)?.run === run) this.#handed.delete(run.run);
      log.warn({ run_id: run.run, err: error }, 'a run could not be handed to Temporal');
    }
  }

  #changed(up: boolean): void {
    this.#ports.engine.reachable(up);
    this.#telling.soon();
    if (!up) return;
    for (const { run, take } of this.#handed.values()) this.#handOver(run, take);
    this.#freed(false);
    this.#reconciling.soon();
  }

  async #reconcile(): Promise<void> {
    if (!this.#link.up) return;
    const now = this.#ports.clock.now();
    const ended = await this.#link.call((client) => endedPastUs(client, this.#settings, now - LOOK_BACK_MS, now));
    for (const { execution, tenant, run } of ended) {
      if (this.#found.get(execution) === true) continue;
      this.#found.set(execution, true);
      const found = await this.#ports.directory.get({ tenant, run });
      if (found !== null && !hasEnded(found)) this.take({ tenant, run, begun: true }, { type: 'claim' });
    }
  }
}
