import { rerunBody, runResource } from '@holdfast/contracts';
import { createFork, forkRun } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { runResource as resource } from '../../resources/run.ts';

/** A fork at the last good event, with nothing changed. */
export const rerun = route({
  method: 'POST',
  url: '/v1/runs/:run/rerun',
  operation: 'runs.rerun',
  rate: 'start',
  params: runParams,
  query: nothing,
  body: rerunBody.optional(),
  idempotent: true,
  tag: 'Runs',
  summary: 'Run it again from the last good event',
  description: 'A fork where the run last stood in order and had not given its final answer. Nothing is changed.',
  answers: { 201: { description: 'The new run.', json: runResource } },
  refusals: ['run_not_found', 'run_live'],
  handle: (ports, { caller, params, body, once }) =>
    once(
      () => forkRun(ports, caller, params.run, body ?? {}),
      async (stores, prepared) => ({
        status: 201,
        json: resource(await createFork(stores, prepared)),
        about: prepared.copy.run,
      }),
      ({ copy }) => ports.artifacts.removeRun(copy),
    ),
});
