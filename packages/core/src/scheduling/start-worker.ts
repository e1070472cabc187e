import type { AdvancePorts } from '../executor/advance.ts';
import type { ArtifactStore, StoredFiles } from '../log/artifact-store.ts';
import type { OutboxKind } from '../log/run-store.ts';
import type { ExpiredRuns } from './delete-expired.ts';
import type { Hints } from './hints.ts';
import { Holds } from './holds.ts';
import { type Outbox, type OutboxHandler, type OutboxHandlers, sweepOutbox } from './outbox.ts';
import { Periodic } from './periodic.ts';
import type { OpenDriver } from './run-driver.ts';
import type { ScheduleStore } from './schedule-store.ts';
import { sweepDue, sweepHeld } from './sweep.ts';
import { takeOverFromDead } from './take-over.ts';

export interface WorkerPorts extends AdvancePorts {
  readonly artifacts: ArtifactStore & StoredFiles;
  readonly expired: ExpiredRuns;
  readonly schedule: ScheduleStore;
  readonly outbox: Outbox;
  readonly hints: Hints;
  /** Deletes one small batch of what has outlived its time; how much that was. */
  readonly housekeep: () => Promise<number>;
}

export interface WorkerOptions {
  /** Watch for dead peers every so often, ms; null = only at the start (one process, as on PGlite). */
  readonly watchPeersMs: number | null;
  /** Runs at once of all tenants together, by the name of their model; those that have no limit are left out. */
  readonly modelLimits: ReadonlyMap<string, number>;
}

export interface Worker {
  /** Runs held now. */
  readonly held: () => number;
  /** Lets begun calls end and gives everything back, within `timeoutMs`; what is still open then is taken over by others. */
  drain(timeoutMs: number): Promise<void>;
}

const SWEEP_MS = 1_000;
const HOUSEKEEPING_MS = 3_600_000;

/**
 * The loops of a worker, the same for all drivers: it sweeps what is due each second and at each hint and has its driver
 * carry it, watches its peers, and hands the rows of the outbox to their handlers.
 * Hints are only a shortcut: without them everything still ends.
 */
export async function startWorker(
  ports: WorkerPorts,
  options: WorkerOptions,
  handlers: OutboxHandlers,
  openDriver: OpenDriver,
): Promise<Worker> {
  const { schedule, hints, lease, log, clock } = ports;
  await lease.start();
  // Runs are due that could not be taken when somebody last looked.
  let waiting = true;
  const holds = new Holds(ports);
  const driver = openDriver(holds, (ended) => {
    // With nobody waiting for its slot, the end of a run makes nothing due.
    if (!ended || waiting) due.soon();
  });
  const failed = (what: string) => (error: unknown) => log.warn({ err: error }, what);

  const due: Periodic = new Periodic(
    async () => {
      const next = await sweepDue(schedule, driver, options.modelLimits);
      waiting = next.waiting;
      return next.at === null ? SWEEP_MS : Math.min(SWEEP_MS, Math.max(0, next.at - clock.now()));
    },
    SWEEP_MS,
    failed('the sweep of what is due failed'),
  );
  const held = new Periodic(
    () => sweepHeld(schedule, holds).then(() => SWEEP_MS),
    SWEEP_MS,
    failed('the sweep of held runs failed'),
  );
  const watchMs = options.watchPeersMs ?? Number.POSITIVE_INFINITY;
  const peers = new Periodic(
    () => takeOverFromDead({ lease, schedule, holds }, driver).then((all) => (all ? watchMs : SWEEP_MS)),
    SWEEP_MS,
    failed('dead workers could not be looked for'),
  );
  const housekeeping = new Periodic(
    async () => ((await ports.housekeep()) > 0 ? SWEEP_MS : HOUSEKEEPING_MS),
    HOUSEKEEPING_MS,
    failed('housekeeping failed'),
  );
  const stop = new AbortController();
  // A loop for each kind, so that slow ones do not hold up the others.
  const engine: OutboxHandler = ({ tenant, subject }) => driver.ended({ tenant, run: subject }).then(() => 'done');
  const outbox = (Object.entries({ ...handlers, engine }) as [OutboxKind, OutboxHandler][]).map(
    ([kind, handler]) =>
      new Periodic(
        () => sweepOutbox(ports, kind, handler, stop.signal).then(() => SWEEP_MS),
        SWEEP_MS,
        failed(`the outbox could not be swept for ${kind}`),
      ),
  );
  const loops = [peers, due, held, housekeeping, ...outbox];

  const unsubscribe = hints.subscribe((hint) => {
    if (hint.about === 'everything') loops.forEach((loop) => loop.soon());
    else if (hint.about === 'outbox') outbox.forEach((loop) => loop.soon());
    else if (hint.about === 'due') due.soon();
    // Nobody holds a run that has ended.
    else if (hint.about === 'deleted') return;
    else if (!holds.nudge(hint.run, hint.head) && hint.state === 'free') due.soon();
  });
  loops.forEach((loop) => loop.soon());

  return {
    held: () => holds.size,
    drain: async (timeoutMs) => {
      unsubscribe();
      stop.abort();
      const drained = Promise.all([
        Promise.all([peers, due, held].map((loop) => loop.stop())).then(() => driver.drain()),
        ...[housekeeping, ...outbox].map((loop) => loop.stop()),
      ]);
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
      await lease.close();
    },
  };
}
