import { bulkBody, bulkOperation, jsonObject } from '@holdfast/contracts';
import { startBulk } from '@holdfast/core';
import { nothing, route } from '../../http/route.ts';
import { bulkResource, bulkWork } from '../../resources/bulk.ts';
import { runFilter } from '../../resources/run-filter.ts';

export const start = route({
  method: 'POST',
  url: '/v1/bulk',
  operation: 'bulk.start',
  content: true,
  rate: 'start',
  params: nothing,
  query: nothing,
  body: bulkBody,
  idempotent: true,
  tag: 'Runs',
  summary: 'Do the same to many runs',
  description:
    'Cancels, pauses, resumes, reruns or forks every run that was created up to now and fits the filter when it is looked at, newest first, each once, whatever crashes meanwhile. Runs on which it cannot be done are skipped. `GET /v1/bulk/{bulk}` tells how far it is.',
  answers: { 202: { description: 'It is recorded and will be carried out.', json: bulkOperation } },
  refusals: ['agent_not_found', 'version_not_found', 'alias_not_found'],
  audit: ({ body: { operation, filter }, answer }) => ({
    // As the handler answered.
    target: `/v1/bulk/${(answer.json as { id: string }).id}`,
    detail: { operation, filter: jsonObject.parse(filter) },
    after: answer.json,
  }),
  handle: (ports, { caller, body, once }) =>
    once(
      () => startBulk(ports, caller, { work: bulkWork(body), filter: runFilter(body.filter) }),
      async (stores, bulk) => {
        await stores.bulk.create(caller, bulk);
        return { status: 202, json: bulkResource(bulk) };
      },
    ),
});
