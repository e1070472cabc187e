import { hasEnded, type RunFilter, type TenantScope } from '@holdfast/core';

/** Ids are UUIDv7 by the clock of whoever made them; times are the database's. */
const CLOCKS_APART_MS = 3_600_000;

/**
 * What `holdfast.runs` must fulfil, by indexes that no step of a run touches: conditions for `where`, with their values
 * from `$1` on. `before`: ids below this one.
 */
export function runConditions(
  { tenant }: TenantScope,
  filter: RunFilter,
  before: string | null,
): { readonly conditions: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [tenant];
  const conditions = ['tenant_id = $1'];
  const narrow = (condition: string, value: unknown): void => {
    values.push(value);
    conditions.push(condition.replace('?', `$${values.length}`));
  };
  const { status, agent, version, tag, thread, parent, schedule, createdAfter, createdBefore } = filter;
  if (status !== undefined) {
    narrow('status = ?', status);
    if (hasEnded({ status })) narrow('outcome = ?', status);
    else conditions.push('outcome is null');
  }
  if (agent !== undefined) narrow('agent = ?', agent);
  if (version !== undefined) narrow('version = ?', version);
  if (tag !== undefined) narrow('id in (select run_id from holdfast.run_tags where tenant_id = $1 and tag = ?)', tag);
  if (thread !== undefined) narrow('thread_id = ?', thread);
  if (parent !== undefined) narrow('parent_id = ?', parent);
  if (schedule !== undefined) narrow('schedule_id = ?', schedule);
  if (createdAfter !== undefined) narrow('created_at > ?', createdAfter);
  if (createdBefore !== undefined) narrow('created_at < ?', createdBefore);
  const { from, below } = idRange(filter);
  if (from !== null) narrow('id >= ?', from);
  if (below !== null) narrow('id < ?', below);
  if (before !== null) narrow('id < ?', before);
  return { conditions: conditions.join(' and '), values };
}

/** Ids of runs of that time, and of some before and after. */
export const idRange = ({ createdAfter, createdBefore }: RunFilter): { from: string | null; below: string | null } => ({
  from: createdAfter === undefined ? null : firstIdAt(createdAfter - CLOCKS_APART_MS),
  below: createdBefore === undefined ? null : firstIdAt(createdBefore + CLOCKS_APART_MS),
});

/** The lowest UUIDv7 of that time. */
function firstIdAt(ms: number): string {
  const hex = Math.min(Math.max(0, Math.floor(ms)), 0xffff_ffff_ffff)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
