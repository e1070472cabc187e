import { memberPage, pageQuery } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, idCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { memberResourceOf } from '../../resources/member.ts';

export const list = route({
  method: 'GET',
  url: '/v1/members',
  operation: 'members.list',
  params: nothing,
  query: pageQuery,
  body: noBody,
  tag: 'Administration',
  summary: 'List members',
  description: 'People and services who came with a token of the OIDC issuer; whoever came first comes first.',
  answers: { 200: { description: 'A page of members.', json: memberPage } },
  handle: async ({ members }, { caller, query: { cursor, limit } }) => {
    const after = cursor === undefined ? null : decodeCursor(idCursor, cursor)[0];
    const rows = await members.list(caller, after, limit + 1);
    return { status: 200, json: pageOf(rows, limit, memberResourceOf, (row) => encodeCursor(row.id)) };
  },
});
