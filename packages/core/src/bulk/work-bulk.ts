import { HoldfastError } from '@holdfast/contracts';
import type { AgentVersions } from '../children/pinned-agents.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../executor/log.ts';
import type { LogPorts } from '../log/loaded-run.ts';
import { DatabaseUnavailable } from '../log/run-store.ts';
import type { OutboxHandler } from '../scheduling/outbox.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { cancel } from '../use-cases/cancel.ts';
import type { Caller } from '../use-cases/caller.ts';
import { createFork, forkRun } from '../use-cases/fork-run.ts';
import { pause } from '../use-cases/pause.ts';
import { resume } from '../use-cases/resume.ts';
import type { RunDirectory } from '../use-cases/run-directory.ts';
import { speakInside, type Speech } from '../use-cases/speak.ts';
import type { TransactionStores } from '../use-cases/transactions.ts';
import {
  bulkForkId,
  type BulkOperation,
  type BulkOutcome,
  type BulkWork,
  counted,
  foreseenRefusal,
  outcomeOf,
  runsOf,
  sameStep,
  worked,
} from './bulk-operation.ts';
import type { BulkStore } from './bulk-store.ts';

export type BulkStores = Pick<TransactionStores, 'runs' | 'directory' | 'agents' | 'bulk'>;

export interface BulkPorts extends LogPorts {
  readonly bulk: BulkStore;
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly agents: AgentVersions;
  readonly transactions: { run<T>(scope: TenantScope, work: (stores: BulkStores) => Promise<T>): Promise<T> };
  readonly clock: Clock;
  readonly log: Log;
}

/** Much less than a row of the outbox is reserved for. */
const SLICE_MS = 2_000;
/** Between two slices, so that a worker can stop in between. */
const PAUSE_MS = 300;
/** Runs that one query looks at. */
const LOOKED_AT = 500;
/** The id of a new run bears the time of the step before it, which shall not be long ago. */
const STEP_AGE_MS = 60_000;
/** A source that moved while its fork was prepared is looked at again. */
const FORK_TRIES = 3;
/** What fails for a reason that is nobody's refusal is tried again by the outbox; then the run counts as failed. */
const ATTEMPTS = 3;

/**
 * Handles rows of kind `bulk`, whose subject is the operation: does a part of it and asks to be called again. Each run's
 * change and the count of it are one transaction under the operation's lock, so that a crash repeats nothing and two
 * workers cannot do it twice.
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
      else if (now - bulk.updatedAt > STEP_AGE_MS)
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
  // Skipped since the last commit, and goes with the next.
  let passed: BulkOutcome[] = [];
  for (const { run, status } of runs) {
    if (!timeLeft()) return;
    const code = foreseenRefusal(bulk.work, status);
    if (code !== null) {
      passed.push({ type: 'skipped', code });
      continue;
    }
    now = await dealWith(slice, now, passed, run);
    // Another worker is at it, or somebody has cancelled it.
    if (now === null) return;
    passed = [];
  }
  const last = now;
  await step(ports, scope, last, () => Promise.resolve(worked(last, passed, next, ports.clock.now())));
}

/** One run, with those that were passed before it. null: the operation is no longer where it was. */
async function dealWith(
  { ports, scope, attempt }: Slice,
  bulk: BulkOperation,
  passed: readonly BulkOutcome[],
  run: string,
): Promise<BulkOperation | null> {
  const noted = (outcome: BulkOutcome): BulkOperation => worked(bulk, [...passed, outcome], run, ports.clock.now());
  for (let tries = 1; ; tries += 1) {
    try {
      const perform = await prepared(ports, scope, bulk, run);
      return await step(ports, scope, bulk, async (stores) => {
        await perform(stores);
        return noted({ type: 'done' });
      });
    } catch (error) {
      const refusal = error instanceof HoldfastError && error.status < 500 ? error : null;
      if (refusal?.code === 'run_live' && tries < FORK_TRIES) continue;
      if (refusal === null && (error instanceof DatabaseUnavailable || attempt < ATTEMPTS)) throw error;
      if (refusal === null)
        ports.log.error({ tenant: scope.tenant, bulk: bulk.id, run, err: error }, 'a bulk operation passes a run');
      const code = error instanceof HoldfastError ? error.code : 'internal';
      const detail =
        error instanceof HoldfastError ? error.message : 'A fault of Holdfast; the log of the worker has it.';
      return step(ports, scope, bulk, () => Promise.resolve(noted(outcomeOf(run, code, detail))));
    }
  }
}

/** What is slow, such as the copying of files, comes before the transaction. @throws HoldfastError as the single operation. */
async function prepared(
  ports: BulkPorts,
  scope: TenantScope,
  bulk: BulkOperation,
  run: string,
): Promise<(stores: BulkStores) => Promise<unknown>> {
  const { work } = bulk;
  const caller: Caller = { ...scope, by: bulk.by };
  if ('changes' in work) {
    // A run that it makes is created after it, whatever the clocks of two processes say.
    const clock: Clock = {
      now: () => Math.max(ports.clock.now(), bulk.createdAt + 1),
      monotonic: () => ports.clock.monotonic(),
    };
    const fork = await forkRun({ ...ports, clock }, caller, run, work.changes, bulkForkId(bulk, run));
    return (stores) => createFork(stores, fork);
  }
  const speech = speechOf(work, caller);
  return (stores) => speakInside(ports, stores, { ...scope, run }, speech);
}

function speechOf(work: Exclude<BulkWork, { changes: unknown }>, caller: Caller): Speech {
  switch (work.type) {
    case 'cancel':
      return cancel(caller, work.reason);
    case 'pause':
      return pause(caller, work.reason);
    case 'resume':
      return resume(caller);
  }
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
