import { hasEnded, type RunFilter, type TenantScope } from '@holdfast/core';
import { idRange, runConditions } from './run-conditions.ts';

/**
 * A query that looks at `limit` runs below `before` along one index, and says of each its status, or null when it does
 * not fit. However few runs fit, it takes no longer: a limit over all conditions would look for the next fitting run
 * through the whole table.
 */
export function fittingRuns(
  scope: TenantScope,
  filter: RunFilter,
  before: string | null,
  limit: number,
): { readonly text: string; readonly values: readonly unknown[] } {
  const { tag, ...rest } = filter;
  // What the tag's own table has said need not be asked again.
  const { conditions, values: asked } = runConditions(scope, rest, null);
  const values = [...asked];
  const place = (value: unknown): string => `$${values.push(value)}`;
  const { from, below } = idRange(filter);
  const bounds = (id: string): string =>
    [
      from === null ? [] : `${id} >= ${place(from)}`,
      below === null ? [] : `${id} < ${place(below)}`,
      before === null ? [] : `${id} < ${place(before)}`,
    ]
      .flat()
      .map((bound) => ` and ${bound}`)
      .join('');
  const looked =
    tag === undefined
      ? `select id from holdfast.runs where tenant_id = $1${along(rest, place)}${bounds('id')} order by id desc`
      : `select run_id as id from holdfast.run_tags where tenant_id = $1 and tag = ${place(tag)}${bounds('run_id')}
         order by run_id desc`;
  const text = `
    select l.id, f.status from (${looked} limit ${place(limit)}) l
    left join lateral (select status from holdfast.runs where id = l.id and ${conditions}) f on true
    order by l.id desc`;
  return { text, values };
}

/** The condition whose index is walked: of those that are given, the one that leaves the fewest runs, as a rule. */
function along({ thread, parent, schedule, status, agent }: RunFilter, place: (value: unknown) => string): string {
  if (thread !== undefined) return ` and thread_id = ${place(thread)}`;
  if (parent !== undefined) return ` and parent_id = ${place(parent)}`;
  if (schedule !== undefined) return ` and schedule_id = ${place(schedule)}`;
  if (status !== undefined) return hasEnded({ status }) ? ` and outcome = ${place(status)}` : ' and outcome is null';
  return agent === undefined ? '' : ` and agent = ${place(agent)}`;
}
