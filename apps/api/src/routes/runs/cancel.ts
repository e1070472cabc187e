import { steerBody } from '@holdfast/contracts';
import { cancel } from '@holdfast/core';
import { nothing, route, runParams } from '../../http/route.ts';
import { runNow } from './run-now.ts';

export const cancelRun = route({
  method: 'POST',
  url: '/v1/runs/:run/cancel',
  operation: 'runs.cancel',
  params: runParams,
  query: nothing,
  body: steerBody.optional(),
  handle: async (ports, { caller, params, body }) => {
    await cancel(ports, caller, params.run, body?.reason);
    return runNow(ports, { tenant: caller.tenant, run: params.run });
  },
});
