import {
  type AdvancePorts,
  type Holds,
  isAway,
  isCrowding,
  noPlaces,
  type OpenDriver,
  type PickedRun,
  type Places,
  placesOf,
  type RunDriver,
  type RunRef,
  type Take,
} from '@holdfast/core';

export type EmbeddedDriverPorts = Pick<AdvancePorts, 'lease' | 'clock' | 'log'>;

/** Pause before a run whose `advance` failed is taken again, ms. */
const AFTER_ERROR_MS = 1_000;

/** Carries runs in this process: at most `limit` at once, and those that it keeps places for. */
export const embeddedDriver =
  (ports: EmbeddedDriverPorts, limit: number): OpenDriver =>
  (holds, freed) =>
    new EmbeddedDriver(ports, limit, holds, freed);

class EmbeddedDriver implements RunDriver {
  readonly reserveMs = 1_000;
  readonly #ports: EmbeddedDriverPorts;
  readonly #limit: number;
  readonly #holds: Holds;
  readonly #freed: (ended: boolean) => void;

  constructor(ports: EmbeddedDriverPorts, limit: number, holds: Holds, freed: (ended: boolean) => void) {
    this.#ports = ports;
    this.#limit = limit;
    this.#holds = holds;
    this.#freed = freed;
  }

  get places(): Places {
    return this.#holds.draining ? noPlaces : placesOf(this.#limit, this.#holds.refs());
  }

  take(ref: RunRef & Partial<PickedRun>, take: Take): void {
    if (this.places.free === 0) return;
    const hold = this.#holds.carry(ref, take, () => isCrowding(this.places, ref.tenant));
    if (hold === null) return;
    const freed = (): void => this.#freed(hold.state()?.phase === 'ended');
    hold.done.then(freed, (error: unknown) => {
      freed();
      this.#failed(ref, error);
    });
  }

  /** Nobody waits for a run elsewhere. */
  ended(): Promise<void> {
    return Promise.resolve();
  }

  drain(): Promise<void> {
    return this.#holds.drain();
  }

  /** The database still names this worker as the holder, so nobody else will take the run. */
  #failed(ref: RunRef, error: unknown): void {
    const { log, lease, clock } = this.#ports;
    const level = isAway(error) ? 'warn' : 'error';
    log[level]({ run_id: ref.run, err: error }, 'the run was given up; it is taken again');
    const leaseUntil = clock.now();
    const again = (): void => {
      if (this.#holds.draining) return;
      if (this.places.free === 0) setTimeout(again, AFTER_ERROR_MS).unref();
      else this.take(ref, { type: 'take-over', from: lease.worker, why: 'abandoned', leaseUntil });
    };
    setTimeout(again, AFTER_ERROR_MS).unref();
  }
}
