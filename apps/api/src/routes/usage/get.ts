import { MOST_USAGE_GROUPS, type UsageResource, usagePage, usageQuery } from '@holdfast/contracts';
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
  description:
    'Calls count when they end, runs when they are created. The sums are those of the events `model.answered`, `model.failed` and `model.interrupted`; runs that were deleted count on, by the hour.',
  answers: {
    200: {
      description: 'Tokens and money, by group.',
      json: usagePage,
      media: { 'text/csv': 'With `format=csv`: a line of names, then one for each group.' },
    },
  },
  handle: async ({ directory, clock }, { caller, query: { from, to, group_by: groupBy, agent, format } }) => {
    const end = to === undefined ? clock.now() : Date.parse(to);
    const begin = from === undefined ? end - 30 * DAY_MS : Date.parse(from);
    if (begin >= end || end - begin > LONGEST_DAYS * DAY_MS)
      throw invalid(
        [{ path: '?from', message: `must lie before \`to\`, by at most ${LONGEST_DAYS} days` }],
        'invalid_request',
      );
    const rows = await directory.usage(caller, { from: begin, to: end, groupBy, agent, most: MOST_USAGE_GROUPS + 1 });
    if (rows.length > MOST_USAGE_GROUPS)
      throw invalid(
        [{ path: '?from', message: `there are more than ${MOST_USAGE_GROUPS} groups: ask for a shorter time` }],
        'invalid_request',
      );
    const items = rows.map(({ group, runs, calls, tokens, costUsdMicros }) => ({
      group,
      runs: groupBy === 'model' ? null : runs,
      calls,
      tokens,
      cost_usd_micros: costUsdMicros,
    }));
    if (format === 'csv')
      return { status: 200, text: csv(groupBy, items), headers: { 'content-type': 'text/csv; charset=utf-8' } };
    return { status: 200, json: { from: iso(begin), to: iso(end), items } };
  },
});

/** As RFC 4180 has it. No name of a group holds what would have to be quoted. */
const csv = (groupBy: string, items: readonly UsageResource[]): string =>
  [
    [groupBy, 'runs', 'calls', 'tokens', 'cost_usd_micros'],
    ...items.map(({ group, runs, calls, tokens, cost_usd_micros: cost }) => [group, runs ?? '', calls, tokens, cost]),
  ]
    .map((line) => `${line.join(',')}\r\n`)
    .join('');
