import { usagePage, usageQuery } from '@holdfast/contracts';
import { invalid } from '../../http/check.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { iso } from '../../resources/time.ts';

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 366;

export const get = route({
  method: 'GET',
  url: '/v1/usage',
  operation: 'usage.get',
  params: nothing,
  query: usageQuery,
  body: noBody,
  tag: 'Administration',
  summary: 'Read what runs have used',
  description: 'By the time at which runs were created. What a run uses later counts there, too.',
  answers: { 200: { description: 'Tokens and money, by group.', json: usagePage } },
  handle: async ({ directory, clock }, { caller, query: { from, to, group_by: groupBy, agent } }) => {
    const end = to === undefined ? clock.now() : Date.parse(to);
    const begin = from === undefined ? end - 30 * DAY_MS : Date.parse(from);
    if (begin >= end || end - begin > LONGEST_DAYS * DAY_MS)
      throw invalid(
        [{ path: '?from', message: `must lie before \`to\`, by at most ${LONGEST_DAYS} days` }],
        'invalid_request',
      );
    const rows = await directory.usage(caller, { from: begin, to: end, groupBy, agent });
    const items = rows.map(({ costUsdMicros, ...row }) => ({ ...row, cost_usd_micros: costUsdMicros }));
    return { status: 200, json: { from: iso(begin), to: iso(end), items } };
  },
});
