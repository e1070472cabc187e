import { steerBody } from '@holdfast/contracts';
import { pause } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { runNow } from './run-now.ts';

export const pauseRun = route({
  method: 'POST',
  url: '/v1/runs/:run/pause',
  operation: 'runs.pause',
  params: runParams,
  query: nothing,
  body: steerBody.optional(),
  handle: async (ports, { caller, params, body }) => {
    await pause(ports, caller, params.run, body?.reason);
    return runNow(ports, { tenant: caller.tenant, run: params.run });
  },
});
