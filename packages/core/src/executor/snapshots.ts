import { type LoadedRun, snapshotOf } from '../log/loaded-run.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { AdvancePorts } from './advance.ts';

/** Written after this many events or this long, whichever is first. */
const EVENTS = 500;
const INTERVAL_MS = 60_000;

/** Snapshots of a held run, beside the step path: a cache, so that a failure is only logged. */
export class Snapshots {
  readonly #ports: AdvancePorts;
  readonly #ref: RunRef;
  #head: number;
  #at: number;

  constructor(ports: AdvancePorts, ref: RunRef, head: number) {
    this.#ports = ports;
    this.#ref = ref;
    this.#head = head;
    this.#at = ports.clock.monotonic();
  }

  consider(run: LoadedRun): void {
    const now = this.#ports.clock.monotonic();
    if (run.state.phase !== 'live') return;
    if (run.state.head - this.#head < EVENTS && now - this.#at < INTERVAL_MS) return;
    this.#head = run.state.head;
    this.#at = now;
    this.#ports.runs.saveSnapshot(this.#ref, snapshotOf(run)).catch((error: unknown) => {
      this.#ports.log.warn({ run_id: this.#ref.run, err: error }, 'the snapshot was not saved');
    });
  }
}
