import { openSync } from 'node:fs';
import type { Append, RunStore, Tools, Model } from '@holdfast/core';
import { DatabaseUnavailable } from '@holdfast/core';
import type { WorkerPorts } from '@holdfast/driver-embedded';
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
    'before-removal',
    'in-removal',
    'after-removal',
  ]),
  event: z.string().optional(),
  effect: z.enum(['read', 'idempotent', 'once']).optional(),
  /** The process that creates this file dies; whoever comes later goes on, so that one death is tested at a time. */
  token: z.string(),
});
export type KillSpec = z.infer<typeof killSpec>;

/** The ports of a worker that dies exactly at one line of the crash table. */
export function dying(ports: WorkerPorts, spec: KillSpec): WorkerPorts {
  return {
    ...ports,
    runs: dyingRuns(ports.runs, spec),
    model: dyingModel(ports.model, spec),
    tools: dyingTools(ports.tools, spec),
    artifacts: dyingFiles(ports.artifacts, spec),
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
      if (spec.at === 'in-append' && take(spec)) {
        // The statement is on its way; the process dies before any answer could come.
        const sent = runs.append(append);
        setImmediate(() => setImmediate(kill));
        return sent;
      }
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

/** Files of a deleted run, after the database's commit. */
const dyingFiles = (artifacts: WorkerPorts['artifacts'], spec: KillSpec): WorkerPorts['artifacts'] => ({
  put: (ref, digest, bytes) => artifacts.put(ref, digest, bytes),
  get: (ref, digest) => artifacts.get(ref, digest),
  runs: () => artifacts.runs(),
  files: (ref) => artifacts.files(ref),
  remove: (ref, file) => artifacts.remove(ref, file),
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

function die(spec: KillSpec): void {
  if (take(spec)) kill();
}

const kill = (): void => void process.kill(process.pid, 'SIGKILL');

/** True for the first process that comes here. */
function take({ token }: KillSpec): boolean {
  try {
    openSync(token, 'wx');
    return true;
  } catch {
    return false;
  }
}
