import { runResource } from '@holdfast/contracts';
import { getRun } from '@holdfast/core';
import { noBody, nothing, route, runParams } from '../../http/route.ts';
import { runResource as resource } from '../../resources/run.ts';

export const get = route({
  method: 'GET',
  url: '/v1/runs/:run',
  operation: 'runs.get',
  params: runParams,
  query: nothing,
  body: noBody,
  tag: 'Runs',
  summary: 'Get a run',
  answers: { 200: { description: 'The run as it stands now.', json: runResource } },
  refusals: ['run_not_found'],
  handle: async (ports, { caller, params: { run } }) => ({
    status: 200,
    json: resource(await getRun(ports, { tenant: caller.tenant, run })),
  }),
});
