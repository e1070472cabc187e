import { retention } from '@holdfast/contracts';
import { etagOf, ifMatch, ifMatchOf, stale } from '../../http/etag.ts';
import { nothing, route } from '../../http/route.ts';

export const set = route({
  method: 'PUT',
  url: '/v1/retention',
  operation: 'retention.set',
  params: nothing,
  query: nothing,
  body: retention,
  tag: 'Administration',
  summary: 'Set how long runs are kept',
  description:
    'Runs that ended more than `days` ago are deleted from then on, as by `DELETE /v1/runs/{run}`; a run that others have started goes with the one at the top. `null`: they are kept for ever, which is what holds at first.',
  headers: { 'If-Match': ifMatchOf('It changes only when this is the ETag of what holds; `*`: always.') },
  answers: {
    200: {
      description: 'What holds from now on.',
      json: retention,
      headers: { ETag: 'Names what holds from now on.' },
    },
  },
  refusals: ['invalid_request', 'etag_mismatch'],
  resource: async (stores, caller) => ({ days: await stores.retention.get(caller) }),
  audit: ({ body: { days } }) => ({ detail: { days } }),
  handle: (_ports, { caller, body: { days }, request, change }) => {
    const permits = ifMatch(request);
    return change(async (stores) => {
      if ((await stores.retention.set(caller, days, (now) => permits({ days: now }))) === 'stale')
        throw stale('The retention');
      return { status: 200, json: { days }, headers: { etag: etagOf({ days }) } };
    });
  },
});
