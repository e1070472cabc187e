import { retention } from '@holdfast/contracts';
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
  answers: { 200: { description: 'What holds from now on.', json: retention } },
  audit: ({ body: { days } }) => ({ detail: { days } }),
  handle: (_ports, { caller, body: { days }, change }) =>
    change(async (stores) => {
      await stores.retention.set(caller, days);
      return { status: 200, json: { days } };
    }),
});
