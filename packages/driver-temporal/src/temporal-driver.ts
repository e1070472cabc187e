import {
  type AdvancePorts,
  type Hints,
  type Holds,
  type OpenDriver,
  type PickedRun,
  type RunDriver,
  type RunRef,
  type Take,
} from '@holdfast/core';
import { createActivities } from './activities.ts';
import { settleLoss } from './settle-loss.ts';
import { TemporalLink } from './temporal-link.ts';
import type { TemporalSettings } from './temporal-settings.ts';
import { startWorkflow, wakeRun } from './wake-run.ts';

export interface TemporalDriverPorts extends AdvancePorts {
  readonly hints: Hints;
  /** The address of a run's page; null where none is configured. */
  readonly page: (run: string) => string | null;
}

/** A run that was handed to Temporal and not claimed since is handed over once more after this long, ms: two leases. */
const UNHEARD_MS = 10_000;

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
  readonly name = 'temporal';
  readonly #ports: TemporalDriverPorts;
  readonly #limit: number;
  readonly #holds: Holds;
  readonly #link: TemporalLink;
  readonly #unsubscribe: () => void;
  readonly #settings: TemporalSettings;
  /** Handed to Temporal, and not known to be claimed. */
  readonly #handed = new Map<string, Handed>();

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
    this.#link = new TemporalLink(settings, {
      log: ports.log,
      identity: ports.lease.worker,
      concurrency: limit,
      activities: createActivities({ ...ports, holds, freed }),
      changed: (up) => this.#changed(up, freed),
    });
    this.#unsubscribe = ports.hints.subscribe((hint) => {
      if (hint.about === 'run' || hint.about === 'deleted') this.#handed.delete(hint.run);
    });
  }

  get room(): number {
    if (this.#holds.draining || !this.#link.up) return 0;
    const now = this.#ports.clock.monotonic();
    for (const [run, { at }] of this.#handed) if (at < now - UNHEARD_MS) this.#handed.delete(run);
    return Math.max(0, this.#limit - this.#holds.size - this.#handed.size);
  }

  take(run: RunRef & Partial<PickedRun>, take: Take): void {
    if (this.#handed.has(run.run)) return;
    const handed = { run, take, at: this.#ports.clock.monotonic() };
    this.#handed.set(run.run, handed);
    void this.#hand(handed);
  }

  async ended(run: RunRef): Promise<void> {
    const { page } = this.#ports;
    await this.#link.call((client) => wakeRun({ client, settings: this.#settings, page }, run, { type: 'claim' }));
  }

  async drain(): Promise<void> {
    this.#unsubscribe();
    this.#link.stopPolling();
    await this.#holds.drain();
    await this.#link.close();
  }

  async #hand({ run, take }: Handed): Promise<void> {
    const { log, page } = this.#ports;
    try {
      await this.#link.call(async (client) => {
        const temporal = { client, settings: this.#settings, page };
        if (run.begun === false) return startWorkflow(temporal, run);
        if (await wakeRun(temporal, run, take)) return;
        if (await settleLoss(this.#ports, client, run)) await startWorkflow(temporal, run);
      });
    } catch (error) {
      // The row stays due: it is handed over again.
      log.warn({ run_id: run.run, err: error }, 'a run could not be handed to Temporal');
    }
  }

  #changed(up: boolean, freed: (ended: boolean) => void): void {
    const { log, lease } = this.#ports;
    lease.tellProblem(up ? null : 'engine_unavailable').catch((error: unknown) => {
      log.warn({ err: error }, 'that Temporal is away, or back, could not be written down');
    });
    if (!up) return;
    for (const handed of this.#handed.values()) void this.#hand(handed);
    freed(false);
  }
}
