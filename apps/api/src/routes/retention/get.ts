import { retention } from '@holdfast/contracts';
import { etagOf } from '../../http/etag.ts';
import { noBody, nothing, route } from '../../http/route.ts';

export const get = route({
  method: 'GET',
  url: '/v1/retention',
  operation: 'retention.get',
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Read how long runs are kept',
  answers: {
    200: {
      description: 'Days from the end of a run; null: for ever.',
      json: retention,
      headers: { ETag: 'For `If-Match` of a change.' },
    },
  },
  handle: async (ports, { caller }) => {
    const days = await ports.retention.get(caller);
    return { status: 200, json: { days }, headers: { etag: etagOf({ days }) } };
  },
});
