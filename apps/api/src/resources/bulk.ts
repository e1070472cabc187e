import type { BulkBody, BulkOperationResource } from '@holdfast/contracts';
import { type BulkOperation, type BulkWork, matchedBy, type RunFilter, skippedBy } from '@holdfast/core';
import { iso, isoOrNull } from './time.ts';

export const bulkResource = (bulk: BulkOperation): BulkOperationResource => ({
  id: bulk.id,
  operation: bulk.work.type,
  filter: requestedFilter(bulk.filter),
  status: bulk.phase === 'counting' || bulk.phase === 'working' ? 'running' : bulk.phase,
  matched: matchedBy(bulk),
  done: bulk.done,
  skipped: skippedBy(bulk),
  skipped_because: { ...bulk.skipped },
  failed: bulk.failed,
  errors: bulk.errors.map((error) => ({ ...error })),
  by: { ...bulk.by, roles: [...bulk.by.roles] },
  created_at: iso(bulk.createdAt),
  updated_at: iso(bulk.updatedAt),
  ended_at: isoOrNull(bulk.endedAt),
});

/** As requests write it. */
const requestedFilter = ({ createdAfter, createdBefore, ...rest }: RunFilter): BulkOperationResource['filter'] => ({
  ...rest,
  ...(createdAfter === undefined ? {} : { created_after: iso(createdAfter) }),
  ...(createdBefore === undefined ? {} : { created_before: iso(createdBefore) }),
});

/** What the rules know of the body of a request. */
export function bulkWork(body: BulkBody): BulkWork {
  switch (body.operation) {
    case 'cancel':
    case 'pause':
      return { type: body.operation, reason: body.reason };
    case 'resume':
      return { type: 'resume' };
    case 'rerun':
    case 'fork': {
      const { operation: type, filter: _filter, ...changes } = body;
      return { type, changes };
    }
  }
}
