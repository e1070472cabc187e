import { noBody, nothing, route } from '../../http/route.ts';

/** It can do its work: the database answers. */
export const readyz = route({
  method: 'GET',
  url: '/readyz',
  operation: null,
  params: nothing,
  query: nothing,
  body: noBody,
  handle: async ({ readiness }) => {
    const checks = await readiness();
    const ready = Object.values(checks).every((state) => state === 'ok');
    return { status: ready ? 200 : 503, json: { status: ready ? 'ready' : 'not-ready', checks } };
  },
});
