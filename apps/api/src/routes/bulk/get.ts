import { bulkOperation } from '@holdfast/contracts';
import { noBulk } from '@holdfast/core';
import { bulkParams, noBody, nothing, route } from '../../http/route.ts';
import { bulkResource } from '../../resources/bulk.ts';

export const get = route({
  method: 'GET',
  url: '/v1/bulk/:bulk',
  operation: 'bulk.get',
  params: bulkParams,
  query: nothing,
  body: noBody,
  tag: 'Runs',
  summary: 'See how far a bulk operation is',
  answers: { 200: { description: 'The operation as it stands now.', json: bulkOperation } },
  refusals: ['bulk_not_found'],
  handle: async (ports, { caller, params }) => {
    const bulk = await ports.bulk.get(caller, params.bulk);
    if (bulk === null) throw noBulk(params.bulk);
    return { status: 200, json: bulkResource(bulk) };
  },
});
