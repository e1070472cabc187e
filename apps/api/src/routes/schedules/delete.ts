import { deleteSchedule } from '@holdfast/core';
import { expectedVersion, ifMatch } from '../../http/expected-version.ts';
import { noBody, nothing, route, scheduleParams } from '../../http/route.ts';
import { scheduleNow } from './schedule-now.ts';

export const remove = route({
  method: 'DELETE',
  url: '/v1/schedules/:schedule',
  operation: 'schedules.delete',
  params: scheduleParams,
  query: nothing,
  body: noBody,
  tag: 'Schedules',
  summary: 'Delete a schedule',
  description: 'It starts nothing more. Its runs stay, and those under way go on.',
  headers: { 'If-Match': ifMatch },
  answers: { 204: { description: 'It is gone.' } },
  refusals: ['invalid_request', 'schedule_not_found', 'etag_mismatch'],
  resource: scheduleNow,
  audit: ({ changed }) => ({ detail: changed }),
  handle: (_ports, { caller, params, request, change }) => {
    const expected = expectedVersion(request);
    return change(async (stores) => {
      const { id, spec } = await deleteSchedule(stores, caller, params.schedule, expected);
      return { status: 204, changed: { id, name: spec.name } };
    });
  },
});
