import { getRun } from '@holdfast/core';
import { noBody, nothing, route, runParams } from '../../http/route.ts';
import { runResource } from '../../resources/run.ts';

export const get = route({
  method: 'GET',
  url: '/v1/runs/:run',
  operation: 'runs.get',
  params: runParams,
  query: nothing,
  body: noBody,
  handle: async (ports, { caller, params: { run } }) => ({
    status: 200,
    json: runResource(await getRun(ports, { tenant: caller.tenant, run })),
  }),
});
