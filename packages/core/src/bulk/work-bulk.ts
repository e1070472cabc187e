import { HoldfastError } from '@holdfast/contracts';
import { isAway } from '../executor/patiently.ts';
import type { OutboxHandler } from '../scheduling/outbox.ts';
import type { TenantScope } from '../tenant-scope.ts';
import {
  type BulkOperation,
  type BulkOutcome,
  counted,
  foreseenRefusal,
  outcomeOf,
  runsOf,
  sameStep,
  worked,
} from './bulk-operation.ts';
import { type BulkPart, partOf, partUnderLock, refusalOf } from './bulk-part.ts';
import type { BulkPorts, BulkStores } from './bulk-ports.ts';
import type { FittingRuns } from './bulk-store.ts';
import { mapFew } from './map-few.ts';

/** Much less than a row of the outbox is reserved for. */
const SLICE_MS = 2_000;
/** Between two slices, so that a worker can stop in between. */
const PAUSE_MS = 300;
/** Runs that one query looks at. */
const LOOKED_AT = 500;
/** Runs that one transaction changes: their rows are locked meanwhile, and on PGlite everybody waits for it. */
const AT_ONCE = 10;
/** Runs whose part is prepared side by side, each with a connection: others need them, too. */
const PREPARED_AT_ONCE = 3;
/** The id of a new run bears the time of the step before it, which shall not be long ago. */
const STEP_AGE_MS = 60_000;
/** A source that moved while its fork was prepared is looked at again. */
const FORK_TRIES = 3;
/**
 * What fails for a reason that is nobody's refusal is tried again by the outbox; then the run counts as failed. An offer
 * whose reservation ended while its worker was still busy counts as a try, too.
 */
const ATTEMPTS = 3;

/**
 * Handles rows of kind `bulk`, whose subject is the operation: does a part of it and asks to be called again. A few runs
 * are changed and counted in one transaction under the operation's lock, so that a crash repeats nothing and two workers
 * cannot do it twice.
 */
export const workBulk =
  (ports: BulkPorts): OutboxHandler =>
  async ({ tenant, subject, attempt }) => {
    const scope = { tenant };
    const until = ports.clock.monotonic() + SLICE_MS;
    const timeLeft = (): boolean => ports.clock.monotonic() < until;
    do {
      const bulk = await ports.bulk.get(scope, subject);
      if (bulk === null || bulk.endedAt !== null) return 'done';
      const now = ports.clock.now();
      if (bulk.phase === 'counting') await countPage(ports, scope, bulk);
      // Not at a later attempt: another worker may still prepare the next step, such as a copy of many files, and whoever
      // made it another step each minute would let none of them end.
      else if (attempt === 1 && now - bulk.updatedAt > STEP_AGE_MS)
        await step(ports, scope, bulk, () => Promise.resolve({ ...bulk, updatedAt: now }));
      else await workPage({ ports, scope, attempt, timeLeft }, bulk);
    } while (timeLeft());
    return { again: ports.clock.now() + PAUSE_MS };
  };

async function countPage(ports: BulkPorts, scope: TenantScope, bulk: BulkOperation): Promise<void> {
  const { runs, next } = await ports.bulk.fitting(scope, runsOf(bulk), bulk.reached, LOOKED_AT);
  await step(ports, scope, bulk, () => Promise.resolve(counted(bulk, runs.length, next, ports.clock.now())));
}

/** The time that one call of the handler has, and what it needs. */
interface Slice {
  readonly ports: BulkPorts;
  readonly scope: TenantScope;
  /** Of the outbox. */
  readonly attempt: number;
  readonly timeLeft: () => boolean;
}

async function workPage(slice: Slice, bulk: BulkOperation): Promise<void> {
  const { ports, scope, timeLeft } = slice;
  const { runs, next } = await ports.bulk.fitting(scope, runsOf(bulk), bulk.reached, LOOKED_AT);
  let now: BulkOperation | null = bulk;
  for (const batch of batchesOf(bulk, runs)) {
    if (!timeLeft()) return;
    now = await workBatch(slice, now, batch);
    // Another worker is at it, or somebody has cancelled it.
    if (now === null) return;
  }
  const last = now;
  await step(ports, scope, last, () => Promise.resolve(worked(last, [], next, ports.clock.now())));
}

/** Runs that go together into one transaction, with any number of those that are only passed. */
function* batchesOf({ work }: BulkOperation, runs: FittingRuns['runs']): Generator<FittingRuns['runs']> {
  let batch: FittingRuns['runs'][number][] = [];
  let changed = 0;
  for (const each of runs) {
    batch.push(each);
    changed += foreseenRefusal(work, each.status) === null ? 1 : 0;
    if (changed < AT_ONCE) continue;
    yield batch;
    [batch, changed] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** All of them; null: the operation is no longer where it was. */
async function workBatch(slice: Slice, bulk: BulkOperation, batch: FittingRuns['runs']): Promise<BulkOperation | null> {
  let now: BulkOperation | null = bulk;
  let left = batch;
  while (left.length > 0) {
    // After an error each run is on its own, so that one cannot keep the others from their turn.
    if (slice.attempt === 1) {
      now = await together(slice, now, left);
      if (now === null) return null;
      const { reached } = now;
      left = left.slice(left.findIndex(({ run }) => run === reached) + 1);
    }
    const [first, ...rest] = left;
    if (first === undefined) return now;
    now = await alone(slice, now, first.run);
    if (now === null) return null;
    left = rest;
  }
  return now;
}

/** In one transaction, up to the first run that has moved since it was looked at. */
async function together(
  { ports, scope }: Slice,
  bulk: BulkOperation,
  batch: FittingRuns['runs'],
): Promise<BulkOperation | null> {
  // What is slow, such as the copying of files, comes before the transaction.
  const parts = await mapFew(
    batch,
    PREPARED_AT_ONCE,
    async ({ run, status }): Promise<{ run: string; part: BulkPart | BulkOutcome }> => {
      const code = foreseenRefusal(bulk.work, status);
      return { run, part: code === null ? await partOf(ports, scope.tenant, bulk, run) : { type: 'skipped', code } };
    },
  );
  return step(ports, scope, bulk, async (stores) => {
    const outcomes: BulkOutcome[] = [];
    let { reached } = bulk;
    for (const { run, part } of parts) {
      if (typeof part !== 'function') outcomes.push(part);
      else if (await part(stores)) outcomes.push({ type: 'done' });
      else break;
      reached = run;
    }
    return outcomes.length === 0 ? bulk : worked(bulk, outcomes, reached, ports.clock.now());
  });
}

/** A run that moves, or that comes after an error. */
async function alone(
  { ports, scope, attempt }: Slice,
  bulk: BulkOperation,
  run: string,
): Promise<BulkOperation | null> {
  const noted = (outcome: BulkOutcome): BulkOperation => worked(bulk, [outcome], run, ports.clock.now());
  for (let tries = 1; ; tries += 1) {
    try {
      const part = await partUnderLock(ports, scope.tenant, bulk, run);
      return await step(ports, scope, bulk, async (stores) => {
        await part(stores);
        return noted({ type: 'done' });
      });
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'run_live' && tries < FORK_TRIES) continue;
      const outcome = refusalOf(run, error) ?? givenUp(ports, scope, bulk, run, attempt, error);
      return step(ports, scope, bulk, () => Promise.resolve(noted(outcome)));
    }
  }
}

/** Throws the error as long as it is worth another try. */
function givenUp(
  { log }: BulkPorts,
  { tenant }: TenantScope,
  { id }: BulkOperation,
  run: string,
  attempt: number,
  error: unknown,
): BulkOutcome {
  if (isAway(error) || attempt < ATTEMPTS) throw error;
  log.error({ tenant, bulk: id, run, err: error }, 'a bulk operation passes a run with which it does not work');
  return error instanceof HoldfastError
    ? outcomeOf(run, error.code, error.message)
    : outcomeOf(run, 'internal', 'A fault of Holdfast; the log of the worker has it.');
}

/** Commits what `work` makes of the operation, unless somebody else has taken a step since it was read: then null. */
function step(
  { transactions }: BulkPorts,
  scope: TenantScope,
  bulk: BulkOperation,
  work: (stores: BulkStores) => Promise<BulkOperation>,
): Promise<BulkOperation | null> {
  return transactions.run(scope, async (stores) => {
    const locked = await stores.bulk.lock(scope, bulk.id);
    if (locked === null || !sameStep(locked, bulk)) return null;
    const next = await work(stores);
    await stores.bulk.save(scope, next);
    return next;
  });
}
