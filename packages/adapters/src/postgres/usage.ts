import type { TenantScope, UsageAsked, UsageGroup } from '@holdfast/core';
import { runConditions } from './run-conditions.ts';
import type { Scoped } from './tenant-scope.ts';

const groups = {
  agent: 'agent',
  model: 'model',
  person: 'starter',
  day: "to_char(to_timestamp(at / 1000.0) at time zone 'UTC', 'YYYY-MM-DD')",
  none: "'all'",
} as const satisfies Record<UsageAsked['groupBy'], string>;

/**
 * What runs have used, those that were deleted since included: runs by when they were created, calls by when they ended.
 * Calls are summed from the events themselves. One statement, so that none is counted twice.
 */
export async function usage(
  scoped: Scoped,
  scope: TenantScope,
  { from, to, groupBy, agent, most }: UsageAsked,
): Promise<readonly UsageGroup[]> {
  const filter = { agent, createdAfter: from - 1, createdBefore: to };
  const { conditions, values } = runConditions(scope, filter, null);
  const [begin, end, name, limit] = [1, 2, 3, 4].map((place) => `$${values.length + place}`);
  return scoped.in(scope, (sql) =>
    sql.query<UsageGroup>(
      `select ${groups[groupBy]} as "group", sum(runs)::bigint as runs, sum(calls)::bigint as calls,
         sum(tokens)::bigint as tokens, sum(cost_usd_micros)::bigint as "costUsdMicros"
       from (
         select agent, '' as model, starter, created_at as at, 1 as runs, 0 as calls, 0 as tokens, 0 as cost_usd_micros
         from holdfast.runs where ${conditions}
         union all
         select r.agent, e.model, r.starter, e.at, 0, 1, e.tokens, e.cost_usd_micros
         from holdfast.run_events e join holdfast.runs r on r.id = e.run_id
         where e.tenant_id = $1 and e.model is not null and e.at >= ${begin}::bigint and e.at < ${end}::bigint
           and (${name}::text is null or r.agent = ${name})
         union all
         select agent, model, starter, hour, runs, calls, tokens, cost_usd_micros from holdfast.usage_of_deleted
         where tenant_id = $1 and hour >= ${begin} and hour < ${end} and (${name}::text is null or agent = ${name})
       ) used
       ${groupBy === 'model' ? "where model <> ''" : ''}
       group by 1 order by ${groupBy === 'day' ? '1' : '4 desc, 1'} limit ${limit}`,
      [...values, from, to, agent ?? null, most],
    ),
  );
}
