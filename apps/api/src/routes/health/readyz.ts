import { readiness } from '@holdfast/contracts';
import { noBody, nothing, route } from '../../http/route.ts';

/** It can do its work: the database answers. */
export const readyz = route({
  method: 'GET',
  url: '/readyz',
  operation: null,
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Health',
  summary: 'Say whether it can do its work',
  answers: {
    200: { description: 'It can; what is missing meanwhile stands in `checks`.', json: readiness },
    503: { description: 'It cannot; `checks` says why.', json: readiness },
  },
  handle: async ({ readiness: check }) => {
    const { ready, checks } = await check();
    return { status: ready ? 200 : 503, json: { status: ready ? 'ready' : 'not-ready', checks } };
  },
});
