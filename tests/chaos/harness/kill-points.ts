import { writeFileSync } from 'node:fs';
import type { ApiPorts } from '@holdfast/api';
import type { Append, RunStore, Tools, Model } from '@holdfast/core';
import { DatabaseUnavailable } from '@holdfast/core';
import type { WiredPorts } from '@holdfast/worker';
import { z } from 'zod';

/** Where the process dies. `event`: of which intent or result; `effect`: of a tool of which kind. */
export const killSpec = z.object({
  at: z.enum([
    'before-append',
    'in-append',
    'after-append',
    'append-answer-lost',
    'before-model',
    'after-model',
    'before-tool',
    'after-tool',
    // Of an API that forks a run.
    'before-copy',
    'after-copy',
    'after-commit',
    'before-step',
    'in-step',
    'committing-step',
    'after-step',
    'before-again',
    'after-again',
    'before-removal',
    'in-removal',
    'after-removal',
    // Of a worker that sends an event to a webhook.
    'before-message',
    'after-message',
    'after-message-noted',
    // Of a worker whose tenant is suspended: when it hears of that for the `step`-th time, and when it lets go of a run.
    'hearing-of-suspension',
    'before-letting-go',
    'in-letting-go',
    'after-letting-go',
    // Of a worker that erases a tenant: `step` counts its transactions; then the files; then the end.
    'before-erasing',
    'in-erasing',
    'after-erasing',
    'before-tenant-files',
    'in-tenant-files',
    'before-finish',
    'in-finish',
    'after-finish',
  ]),
  event: z.string().optional(),
  effect: z.enum(['read', 'idempotent', 'once']).optional(),
  /** Of a bulk operation, of which 1 is its counting, of an erasure, or of a schedule: its tick. Over all processes. */
  step: z.int().positive().optional(),
  /** The process that creates this file dies; whoever comes later goes on, so that one death is tested at a time. */
  token: z.string(),
});
export type KillSpec = z.infer<typeof killSpec>;

/** The ports of a worker that dies exactly at one line of the crash table. */
export function dying(ports: WiredPorts, spec: KillSpec): WiredPorts {
  return {
    ...ports,
    runs: lettingGo(dyingRuns(ports.runs, spec), ports.schedule, spec),
    schedule: dyingSchedule(ports.schedule, spec),
    erasure: dyingErasure(ports.erasure, spec),
    model: dyingModel(ports.model, spec),
    tools: dyingTools(ports.tools, spec),
    transactions: dyingSteps(ports.transactions, spec),
    outbox: dyingOutbox(ports.outbox, spec),
    artifacts: dyingFiles(ports.artifacts, spec),
    sender: dyingSender(ports.sender, spec),
    webhooks: dyingQueue(ports.webhooks, spec),
  };
}

/** The ports of an API that dies while it forks: its files are copied first, then its events, then it answers. */
export function dyingApi(ports: ApiPorts, spec: KillSpec): ApiPorts {
  const { transactions } = ports;
  return {
    ...ports,
    transactions: {
      run: (scope, work) => transactions.run(scope, work),
      kept: (scope, request) => transactions.kept(scope, request),
      once: async (scope, request, work) => {
        if (!request.route.endsWith('/fork')) return transactions.once(scope, request, work);
        if (spec.at === 'before-copy') die(spec);
        const reply = await transactions.once(scope, request, async (stores) => {
          const done = await work(stores);
          if (spec.at === 'after-copy') die(spec);
          return done;
        });
        if (spec.at === 'after-commit') die(spec);
        return reply;
      },
    },
  };
}

function dyingRuns(runs: RunStore, spec: KillSpec): RunStore {
  const concerned = ({ events }: Append): boolean =>
    events.some(
      (event) =>
        event.type === spec.event && (spec.effect === undefined || event.payload.includes(`"effect":"${spec.effect}"`)),
    );
  return {
    load: (ref) => runs.load(ref),
    eventsAfter: (ref, after, limit) => runs.eventsAfter(ref, after, limit),
    saveSnapshot: (ref, snapshot) => runs.saveSnapshot(ref, snapshot),
    append: async (append) => {
      if (!concerned(append)) return runs.append(append);
      if (spec.at === 'before-append') die(spec);
      if (spec.at === 'in-append' && take(spec)) return dyingAfter(() => runs.append(append));
      const outcome = await runs.append(append);
      if (spec.at === 'after-append') die(spec);
      if (spec.at === 'append-answer-lost' && take(spec)) throw new DatabaseUnavailable('the answer was lost (test)');
      return outcome;
    },
  };
}

const dyingModel = (model: Model, spec: KillSpec): Model => ({
  call: async (request, signal, onDelta) => {
    if (spec.at === 'before-model') die(spec);
    const outcome = await model.call(request, signal, onDelta);
    if (spec.at === 'after-model') die(spec);
    return outcome;
  },
});

const dyingTools = (tools: Tools, spec: KillSpec): Tools => ({
  call: async (request, signal) => {
    const concerned = spec.effect === undefined || request.tool.effect === spec.effect;
    if (spec.at === 'before-tool' && concerned) die(spec);
    const outcome = await tools.call(request, signal);
    if (spec.at === 'after-tool' && concerned) die(spec);
    return outcome;
  },
});

function dyingSteps(transactions: WiredPorts['transactions'], spec: KillSpec): WiredPorts['transactions'] {
  return {
    run: async (scope, work) => {
      const concerned = isStep(spec, 'transactions');
      if (concerned && spec.at === 'before-step') die(spec);
      const result = await transactions.run(scope, async (stores) => {
        const inside = await work(stores);
        if (concerned && spec.at === 'in-step' && take(spec)) {
          kill();
          await new Promise(() => undefined);
        }
        // COMMIT is on its way; the process dies before any answer could come.
        if (concerned && spec.at === 'committing-step' && take(spec)) setImmediate(() => setImmediate(kill));
        return inside;
      });
      if (concerned && spec.at === 'after-step') die(spec);
      return result;
    },
  };
}

/** Appends by which a live run of a suspended tenant is let go. */
function lettingGo(runs: RunStore, schedule: WiredPorts['schedule'], spec: KillSpec): RunStore {
  if (!spec.at.endsWith('-letting-go')) return runs;
  return {
    load: (ref) => runs.load(ref),
    eventsAfter: (ref, after, limit) => runs.eventsAfter(ref, after, limit),
    saveSnapshot: (ref, snapshot) => runs.saveSnapshot(ref, snapshot),
    append: async (append) => {
      const concerned =
        append.worker !== null && append.release && (await schedule.suspended()).includes(append.tenant);
      if (!concerned) return runs.append(append);
      if (spec.at === 'before-letting-go') die(spec);
      if (spec.at === 'in-letting-go' && take(spec)) return dyingAfter(() => runs.append(append));
      const outcome = await runs.append(append);
      if (spec.at === 'after-letting-go') die(spec);
      return outcome;
    },
  };
}

function dyingSchedule(schedule: WiredPorts['schedule'], spec: KillSpec): WiredPorts['schedule'] {
  let heard = 0;
  return {
    pick: (...asked) => schedule.pick(...asked),
    nextDue: () => schedule.nextDue(),
    depth: () => schedule.depth(),
    movedHeads: (held) => schedule.movedHeads(held),
    suspended: async () => {
      const tenants = await schedule.suspended();
      if (tenants.length > 0) heard += 1;
      if (spec.at === 'hearing-of-suspension' && heard === spec.step) die(spec);
      return tenants;
    },
  };
}

function dyingErasure(erasure: WiredPorts['erasure'], spec: KillSpec): WiredPorts['erasure'] {
  return {
    erase: async (scope) => {
      const concerned = isStep(spec, 'erasures');
      if (concerned && spec.at === 'before-erasing') die(spec);
      if (concerned && spec.at === 'in-erasing' && take(spec)) return dyingAfter(() => erasure.erase(scope));
      const outcome = await erasure.erase(scope);
      if (concerned && spec.at === 'after-erasing') die(spec);
      return outcome;
    },
    finish: async (...what) => {
      if (spec.at === 'before-finish') die(spec);
      if (spec.at === 'in-finish' && take(spec)) return dyingAfter(() => erasure.finish(...what));
      const outcome = await erasure.finish(...what);
      if (spec.at === 'after-finish') die(spec);
      return outcome;
    },
  };
}

/** The statement is on its way; the process dies before any answer could come. */
function dyingAfter<T>(send: () => Promise<T>): Promise<T> {
  const sent = send();
  setImmediate(() => setImmediate(kill));
  return sent;
}

/** What is to be called again is noted in a transaction of its own, after that of its step. */
function dyingOutbox(outbox: WiredPorts['outbox'], spec: KillSpec): WiredPorts['outbox'] {
  return {
    pick: (kind, limit, reserveMs) => outbox.pick(kind, limit, reserveMs),
    finish: (row) => outbox.finish(row),
    postpone: async (row, at, attempts) => {
      const concerned = isStep(spec, 'postponed');
      if (concerned && spec.at === 'before-again') die(spec);
      await outbox.postpone(row, at, attempts);
      if (concerned && spec.at === 'after-again') die(spec);
    },
  };
}

/** Files of a deleted run, after the database's commit. */
const dyingFiles = (artifacts: WiredPorts['artifacts'], spec: KillSpec): WiredPorts['artifacts'] => ({
  put: (ref, digest, bytes) => artifacts.put(ref, digest, bytes),
  get: (ref, digest) => artifacts.get(ref, digest),
  copy: (from, to, digest) => artifacts.copy(from, to, digest),
  runs: () => artifacts.runs(),
  files: (ref) => artifacts.files(ref),
  remove: (ref, file) => artifacts.remove(ref, file),
  removeTenant: async (scope) => {
    if (spec.at === 'before-tenant-files') die(spec);
    if (spec.at === 'in-tenant-files')
      for await (const ref of artifacts.runs()) {
        if (ref.tenant !== scope.tenant) continue;
        await artifacts.removeRun(ref);
        die(spec);
      }
    return artifacts.removeTenant(scope);
  },
  hasTenant: (scope) => artifacts.hasTenant(scope),
  removeRun: async (ref) => {
    if (spec.at === 'before-removal') die(spec);
    if (spec.at === 'in-removal') {
      const [first] = await artifacts.files(ref);
      if (first !== undefined) await artifacts.remove(ref, first);
      die(spec);
    }
    await artifacts.removeRun(ref);
    if (spec.at === 'after-removal') die(spec);
  },
});

const dyingSender = (sender: WiredPorts['sender'], spec: KillSpec): WiredPorts['sender'] => ({
  refusal: (url) => sender.refusal(url),
  send: async (request) => {
    const concerned = request.body.startsWith(`{"type":"${spec.event ?? ''}"`);
    if (spec.at === 'before-message' && concerned) die(spec);
    const answer = await sender.send(request);
    if (spec.at === 'after-message' && concerned) die(spec);
    return answer;
  },
});

const dyingQueue = (queue: WiredPorts['webhooks'], spec: KillSpec): WiredPorts['webhooks'] => ({
  next: (scope, cursor) => queue.next(scope, cursor),
  skip: (scope, cursor) => queue.skip(scope, cursor),
  rest: (scope, cursor) => queue.rest(scope, cursor),
  save: async (scope, work, delivery, outcome) => {
    await queue.save(scope, work, delivery, outcome);
    if (spec.at === 'after-message-noted' && delivery.type === spec.event) die(spec);
  },
});

function die(spec: KillSpec): void {
  if (take(spec)) kill();
}

const kill = (): void => void process.kill(process.pid, 'SIGKILL');

/** Whether this is the `step`-th of its kind in all processes: what one has begun, another may go on with. */
function isStep({ token, step }: KillSpec, kind: string): boolean {
  if (step === undefined) return false;
  for (let count = 1; count <= step; count += 1)
    if (take({ token: `${token}.${kind}.${count}` })) return count === step;
  return false;
}

/** True for the first process that comes here. */
function take({ token }: Pick<KillSpec, 'token'>): boolean {
  try {
    writeFileSync(token, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}
