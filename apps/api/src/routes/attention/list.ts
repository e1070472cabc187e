import { mayDo } from '@holdfast/core';
import { attentionPage, listAttentionQuery } from '@holdfast/contracts';
import { attentionCursor, decodeCursor, encodeCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { attentionResource } from '../../resources/attention.ts';

/** What needs a person, oldest first. */
export const list = route({
  method: 'GET',
  url: '/v1/attention',
  operation: 'attention.list',
  params: nothing,
  query: listAttentionQuery,
  body: noBody,
  tag: 'Attention',
  summary: 'List what needs a person',
  description: 'Oldest run first.',
  answers: { 200: { description: 'A page of what waits for a person.', json: attentionPage } },
  handle: async ({ directory }, { caller, query: { cursor, limit, mine, ...filter } }) => {
    const [afterRun, ref] = cursor === undefined ? [] : decodeCursor(attentionCursor, cursor);
    const after = afterRun === undefined || ref === undefined ? null : { run: afterRun, ref };
    if (mine && !mayDo(caller.by.roles, 'attention.decide'))
      return { status: 200, json: { items: [], next_cursor: null } };
    const rows = await directory.attention(caller, { ...filter, mine: mine ? caller.by : undefined }, after, limit + 1);
    return { status: 200, json: pageOf(rows, limit, attentionResource, (row) => encodeCursor(row.run, row.ref)) };
  },
});
