import type { AgentVersion, Content, Json, Limits, RunEvent } from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import { type AgentVersions, pinnedAgents } from '../children/pinned-agents.ts';
import type { Clock } from '../clock.ts';
import { appendOf, artifactsOf, fromOutside } from '../log/append-of.ts';
import { beginRun, extend, extendBy, type LogPorts } from '../log/loaded-run.ts';
import { type Append, plainRun } from '../log/run-store.ts';
import { begunAfter } from '../run/begun-after.ts';
import { handle } from '../run/handle.ts';
import { lastGoodEvent } from '../run/last-good-event.ts';
import type { LiveRun } from '../run/state.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { Caller } from './caller.ts';
import { copyFiles } from './copy-files.ts';
import type { RunView } from './get-run.ts';
import { inputContent } from './input-content.ts';
import { loweredLimits } from './lowered-limits.ts';
import { readLog } from './read-log.ts';
import { refused } from './refused.ts';
import { starterOf } from './starter-of.ts';
import { resolveVersion } from './resolve-version.ts';
import type { CopiedRun, RunDirectory, RunSummary } from './run-directory.ts';
import { notFound, ruledOut } from './speak.ts';
import type { TransactionStores } from './transactions.ts';

/** What is another in the fork than in its source. */
export interface ForkRun {
  /** The event after which it goes on; left out: the last good one. */
  readonly at?: number | undefined;
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
  readonly input?: Content | Json | undefined;
  /** Said to the run before its next model call. */
  readonly message?: Content | undefined;
  /** Only lower than the version's. */
  readonly limits?: Partial<Limits> | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface ForkRunPorts extends LogPorts {
  readonly directory: Pick<RunDirectory, 'get'>;
  readonly agents: AgentVersions;
  readonly clock: Clock;
}

/** A fork whose files are in place; `createFork` makes it a run. */
export interface PreparedFork {
  readonly copy: CopiedRun;
  readonly append: Append;
  readonly view: Omit<RunView, 'summary'>;
}

/**
 * A new run that goes on from a copy of another's first events. The source must be paused or have ended. `run`: the id
 * of the fork, where the caller derives it.
 * @throws HoldfastError `run_not_found`, `run_live`, `validation_failed` (`/at`), `version_not_found`,
 * `alias_not_found`, `limit_not_lower`.
 */
export async function forkRun(
  ports: ForkRunPorts,
  caller: Caller,
  sourceRun: string,
  request: ForkRun,
  run: string = uuidv7(),
): Promise<PreparedFork> {
  const source = { tenant: caller.tenant, run: sourceRun };
  const ref = { tenant: caller.tenant, run };
  const summary = await ports.directory.get(source);
  const stored = summary === null ? null : await ports.runs.load(source);
  if (summary === null || stored === null) throw notFound(source);
  if (!isAtRest(summary)) throw live(source, summary);
  const pinned = await ports.versions(source, stored.versionId);
  if (pinned === null) throw new Error(`run ${sourceRun}: its version ${stored.versionId} is not in the database`);
  const version = await versionOf(ports.agents, caller, pinned, request, run);

  const log = await readLog(ports, source);
  if (log.events.length === 0 && (await ports.directory.get(source)) === null) throw notFound(source);
  const at = request.at ?? lastGoodEvent(sourceRun, pinned, log.events);
  const before = log.events.slice(0, at).reduce(extend, beginRun(run, version));
  const state = forkable(before.state, at, log.events, stored.head);
  const created = log.events[0];
  if (created?.type !== 'run.created') throw new Error(`run ${sourceRun} does not begin with its creation`);

  const now = ports.clock.now();
  const metadata = request.metadata ?? summary.metadata;
  const lower = loweredLimits(version.limits, request.limits ?? {});
  const handled = handle(state, {
    type: 'fork',
    at: now,
    from: sourceRun,
    input: request.input === undefined ? inputAt(log.events, at, created.data.input) : inputContent(request.input),
    limits: { ...(version.id === pinned.id ? state.limits : version.limits), ...lower },
    metadata,
    agents: version.id === pinned.id ? state.agents : await pinnedAgents(ports.agents, ref, version),
    began: begunAfter(log.events, at),
    ...(request.message === undefined ? {} : { message: { id: uuidv7(), content: request.message } }),
    by: caller.by,
  });
  if ('refused' in handled) throw ruledOut(handled.refused, state);
  const after = extendBy(before, handled.events, now);
  const [forked] = after.events;
  if (forked?.type !== 'run.forked') throw new Error('a fork begins with run.forked');

  const copied = log.events.slice(0, at);
  await copyFiles(ports.artifacts, source, ref, log.payloads.slice(0, at), [...copied, forked]);
  const append = await appendOf(ports.artifacts, ref, state, after.run.state, after.events, now, fromOutside);
  const { projection } = append;
  const { concurrencyKey, priority, tags } = summary.attributes;
  return {
    copy: {
      ...ref,
      source: { run: sourceRun, head: stored.head, at },
      agent: version.agent,
      versionId: version.id,
      version: version.number,
      attributes: {
        ...plainRun,
        agentConcurrency: version.concurrency,
        model: version.model.name,
        tags: request.tags ?? tags,
        priority,
        concurrencyKey,
        starter: starterOf(caller.by),
        forkedFrom: { run: sourceRun, seq: at },
      },
      metadata,
      createdAt: now,
    },
    append: { ...append, projection: { ...projection, artifacts: copied.flatMap(artifactsOf) } },
    view: {
      created,
      forked: forked.data,
      limits: forked.data.limits,
      capacityProblem: null,
      whyWaits: null,
      end: null,
    },
  };
}

type Inside = Pick<TransactionStores, 'directory' | 'runs'>;

/**
 * In a transaction of its own, or of an `Idempotency-Key`.
 * @throws HoldfastError `run_live`: the source has moved; `run_not_found`: it was deleted meanwhile.
 */
export async function createFork(stores: Inside, fork: PreparedFork): Promise<RunView> {
  const { copy, view } = fork;
  if (!(await placeFork(stores, fork))) {
    const source = { tenant: copy.tenant, run: copy.source.run };
    const summary = await stores.directory.get(source);
    throw summary === null ? notFound(source) : moved(source, summary);
  }
  const summary = await stores.directory.get(copy);
  if (summary === null) throw new Error(`the fork ${copy.run} is not there`);
  return { summary, ...view };
}

/** The same without looking at what it made. False when the source has moved: then nothing was done. */
export async function placeFork({ directory, runs }: Inside, { copy, append }: PreparedFork): Promise<boolean> {
  if (!(await directory.copy(copy))) return false;
  const outcome = await runs.append(append);
  if (outcome.type !== 'accepted') throw new Error(`the first append of the fork ${copy.run} was ${outcome.type}`);
  return true;
}

const atRest: readonly RunSummary['status'][] = ['paused', 'succeeded', 'failed', 'cancelled'];
const isAtRest = ({ status }: RunSummary): boolean => atRest.includes(status);

const live = ({ run }: RunRef, { status }: RunSummary) =>
  refused('run_live', `The run ${run} is ${status}. Pause it, and fork it once its status is paused.`, [], {
    run_status: status,
  });

const moved = ({ run }: RunRef, { status }: RunSummary) =>
  refused('run_live', `The run ${run} has moved on meanwhile; pause it and fork it again.`, [], {
    run_status: status,
  });

function versionOf(
  agents: AgentVersions,
  caller: Caller,
  pinned: AgentVersion,
  { version, alias }: ForkRun,
  run: string,
): Promise<AgentVersion> | AgentVersion {
  if (version === undefined && alias === undefined) return pinned;
  return resolveVersion(agents, caller, { agent: pinned.agent, version, alias }, run);
}

/** The state after event `at`, when a run can go on from it. */
function forkable(
  state: ReturnType<typeof beginRun>['state'],
  at: number,
  log: readonly RunEvent[],
  head: number,
): LiveRun {
  if (at >= 1 && at <= log.length && state.phase === 'live' && state.problem === null) return state;
  const why =
    at > head
      ? `the run has ${head} events`
      : state.phase === 'ended'
        ? 'the run has ended by then'
        : 'its log cannot be read up to there';
  throw refused('validation_failed', `Event ${at} is none that a run can go on from: ${why}.`, [
    { path: '/at', message: why },
  ]);
}

/** The input that the model was shown at `at`: the newest fork's, or the first one. */
function inputAt(log: readonly RunEvent[], at: number, first: Content): Content {
  const forked = log.findLast((event) => event.type === 'run.forked' && event.seq <= at);
  return forked?.type === 'run.forked' ? forked.data.input : first;
}
