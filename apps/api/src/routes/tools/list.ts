import { pageQuery, toolServerPage } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, nameCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { platformServerOf, toolServerResourceOf } from '../../resources/tool-server.ts';

/** By name; the platform's among the tenant's. */
export const list = route({
  method: 'GET',
  url: '/v1/tools',
  operation: 'tools.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Tools',
  summary: 'List tool servers',
  answers: {
    200: { description: 'Those of the platform (`stdio`) and of this tenant, by name.', json: toolServerPage },
  },
  handle: async ({ registry: { platform, store } }, { caller, query: { cursor, limit } }) => {
    const [after] = cursor === undefined ? [null] : decodeCursor(nameCursor, cursor);
    const theirs = platform.names();
    const own = (await store.list(caller, after, limit + 1 + theirs.length)).filter(
      ({ name }) => !theirs.includes(name),
    );
    const shared = theirs.filter((name) => after === null || name > after).map(platformServerOf);
    const all = [...shared, ...own.map(toolServerResourceOf)].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const json = pageOf(
      all,
      limit,
      (server) => server,
      ({ name }) => encodeCursor(name),
    );
    return { status: 200, json };
  },
});
