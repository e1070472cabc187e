import { listSchedulesQuery, schedulePage } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, nameCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { scheduleResource } from '../../resources/schedule.ts';

export const list = route({
  method: 'GET',
  url: '/v1/schedules',
  operation: 'schedules.list',
  params: nothing,
  query: listSchedulesQuery,
  body: noBody,
  tag: 'Schedules',
  summary: 'List schedules',
  description: 'By name.',
  answers: { 200: { description: 'A page of schedules.', json: schedulePage } },
  handle: async ({ schedules, clock }, { caller, query: { cursor, limit } }) => {
    const after = cursor === undefined ? null : decodeCursor(nameCursor, cursor)[0];
    const rows = await schedules.list(caller, after, limit + 1);
    const now = clock.now();
    const item = (row: (typeof rows)[number]) => scheduleResource(row, now);
    return { status: 200, json: pageOf(rows, limit, item, (row) => encodeCursor(row.spec.name)) };
  },
});
