import type { TenantScope, UsageAsked, UsageGroup } from '@holdfast/core';
import { runConditions } from './run-conditions.ts';
import type { Scoped } from './tenant-scope.ts';

const dayOf = (ms: string): string => `to_char(to_timestamp(${ms} / 1000.0) at time zone 'UTC', 'YYYY-MM-DD')`;
const groups = {
  agent: 'agent',
  day: dayOf('made'),
  none: "'all'",
} as const satisfies Record<UsageAsked['groupBy'], string>;

/** What runs have used, those that were deleted since included. One statement, so that none is counted twice. */
export async function usage(
  scoped: Scoped,
  scope: TenantScope,
  { from, to, groupBy, agent }: UsageAsked,
): Promise<readonly UsageGroup[]> {
  const filter = { agent, createdAfter: from - 1, createdBefore: to };
  const { conditions, values } = runConditions(scope, filter, null);
  const place = values.length;
  return scoped.in(scope, (sql) =>
    sql.query<UsageGroup>(
      `select ${groups[groupBy]} as "group", sum(runs)::bigint as runs, sum(tokens)::bigint as tokens,
         sum(cost_usd_micros)::bigint as "costUsdMicros"
       from (
         select agent, created_at as made, 1 as runs, tokens, cost_usd_micros from holdfast.runs where ${conditions}
         union all
         select agent, hour, runs, tokens, cost_usd_micros from holdfast.usage_of_deleted
         where tenant_id = $1 and hour >= $${place + 1} and hour < $${place + 2}
           and ($${place + 3}::text is null or agent = $${place + 3})
       ) used
       group by 1 order by ${groupBy === 'day' ? '1' : '3 desc, 1'} limit 1000`,
      [...values, from, to, agent ?? null],
    ),
  );
}
