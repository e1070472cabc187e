import { me, RELEASE } from '@holdfast/contracts';
import { noBody, nothing, route } from '../../http/route.ts';

/** Who is asking, as the server sees it. */
export const get = route({
  method: 'GET',
  url: '/v1/me',
  operation: 'me.get',
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Say who asks',
  answers: {
    200: { description: 'The tenant, the key or person with its roles, and the release of the server.', json: me },
  },
  handle: (_ports, { caller: { tenant, by, name = null } }) =>
    Promise.resolve({ status: 200, json: { tenant, by, name, release: RELEASE } }),
});
