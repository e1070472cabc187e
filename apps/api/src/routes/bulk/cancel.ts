import { bulkOperation } from '@holdfast/contracts';
import { cancelBulk } from '@holdfast/core';
import { z } from 'zod';
import { bulkParams, nothing, route } from '../../http/route.ts';
import { bulkResource } from '../../resources/bulk.ts';

export const cancel = route({
  method: 'POST',
  url: '/v1/bulk/:bulk/cancel',
  operation: 'bulk.cancel',
  params: bulkParams,
  query: nothing,
  body: z.strictObject({}).optional(),
  idempotent: true,
  tag: 'Runs',
  summary: 'Stop a bulk operation',
  description: 'No further run is touched. What was done stays done.',
  answers: { 200: { description: 'The operation as it was stopped.', json: bulkOperation } },
  refusals: ['bulk_not_found', 'bulk_ended'],
  resource: async ({ bulk }, caller, params) => {
    const found = await bulk.get(caller, params.bulk);
    return found && bulkResource(found);
  },
  audit: true,
  handle: (ports, { caller, params, once }) =>
    once(
      () => Promise.resolve(),
      async (stores) => ({
        status: 200,
        json: bulkResource(await cancelBulk(stores, ports.clock, caller, params.bulk)),
      }),
    ),
});
