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
  summary: 'Say whose key this is',
  answers: { 200: { description: 'The tenant, the key with its roles, and the release of the server.', json: me } },
  handle: (_ports, { caller: { tenant, by } }) =>
    Promise.resolve({ status: 200, json: { tenant, by, release: RELEASE } }),
});
