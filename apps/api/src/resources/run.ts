import type { RunResource, RunSummaryResource } from '@holdfast/contracts';
import type { RunSummary, RunView } from '@holdfast/core';
import { iso, isoOrNull } from './time.ts';

export const runSummaryResource = (row: RunSummary): RunSummaryResource => ({
  id: row.run,
  agent: row.agent,
  version: row.version,
  status: row.status,
  waiting_for: row.waitingFor.map(({ reason, since, until, ref }) => ({
    reason,
    since: iso(since),
    until: isoOrNull(until),
    ref,
  })),
  head: row.head,
  metadata: { ...row.metadata },
  tags: [...row.attributes.tags],
  priority: row.attributes.priority,
  concurrency_key: row.attributes.concurrencyKey,
  start_at: isoOrNull(row.attributes.startAt),
  expires_at: isoOrNull(row.attributes.expiresAt),
  thread: row.attributes.thread,
  parent: row.attributes.parent,
  forked_from: row.attributes.forkedFrom,
  schedule: row.attributes.schedule && {
    id: row.attributes.schedule.id,
    tick: isoOrNull(row.attributes.schedule.tick),
  },
  usage: { tokens: row.usage.tokens, cost_usd_micros: row.usage.costUsdMicros },
  created_at: iso(row.createdAt),
  updated_at: iso(row.updatedAt),
});

export const runResource = ({ summary, created, forked, limits, capacityProblem, end }: RunView): RunResource => ({
  ...becauseOf(runSummaryResource(summary), capacityProblem),
  input: (forked ?? created.data).input,
  limits: { ...limits },
  output: end?.type === 'run.succeeded' ? end.data.output : null,
  output_value: end?.type === 'run.succeeded' ? (end.data.value ?? null) : null,
  error: end?.type === 'run.failed' ? { code: end.data.code, detail: end.data.detail } : null,
});

const becauseOf = (run: RunSummaryResource, because: RunView['capacityProblem']): RunSummaryResource =>
  because === null
    ? run
    : {
        ...run,
        waiting_for: run.waiting_for.map((wait) => (wait.reason === 'capacity' ? { ...wait, because } : wait)),
      };
