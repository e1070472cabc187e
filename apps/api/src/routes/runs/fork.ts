import { forkRunBody, runResource, text } from '@holdfast/contracts';
import { createFork, forkRun } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { runResource as resource } from '../../resources/run.ts';
import { limitsOf } from './limits-of.ts';

/** A new run that goes on from a copy of this one's first events. */
export const fork = route({
  method: 'POST',
  url: '/v1/runs/:run/fork',
  operation: 'runs.fork',
  content: true,
  rate: 'start',
  params: runParams,
  query: nothing,
  body: forkRunBody.optional(),
  idempotent: true,
  tag: 'Runs',
  summary: 'Fork a run',
  description:
    'Makes a new run that goes on from a copy of the events of a paused or ended one, up to event `at`. Where the source has made a `once` call beyond them, the same call asks a person first (`duplicate-after-fork`).',
  answers: { 201: { description: 'The new run.', json: runResource } },
  refusals: ['run_not_found', 'run_live', 'version_not_found', 'alias_not_found', 'limit_not_lower'],
  handle: (ports, { caller, params, body, once }) => {
    const { message, limits, ...changes } = body ?? {};
    const content = typeof message === 'string' ? text(message) : message;
    return once(
      () => forkRun(ports, caller, params.run, { ...changes, message: content, limits: limitsOf(limits) }),
      async (stores, prepared) => ({
        status: 201,
        json: resource(await createFork(stores, prepared)),
        about: prepared.copy.run,
      }),
      ({ copy }) => ports.artifacts.removeRun(copy),
    );
  },
});
