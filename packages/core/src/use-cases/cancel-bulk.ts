import type { HoldfastError } from '@holdfast/contracts';
import { type BulkOperation, cancelled } from '../bulk/bulk-operation.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from './caller.ts';
import { refused } from './refused.ts';
import type { TransactionStores } from './transactions.ts';

/** No further run is touched; what was done stays done. @throws HoldfastError `bulk_not_found`, `bulk_ended`. */
export async function cancelBulk(
  { bulk: operations }: Pick<TransactionStores, 'bulk'>,
  clock: Clock,
  caller: Caller,
  id: string,
): Promise<BulkOperation> {
  const bulk = await operations.lock(caller, id);
  if (bulk === null) throw noBulk(id);
  if (bulk.endedAt !== null) throw refused('bulk_ended', `The bulk operation ${id} is ${bulk.phase}.`);
  const next = cancelled(bulk, clock.now());
  await operations.save(caller, next);
  return next;
}

export const noBulk = (id: string): HoldfastError => refused('bulk_not_found', `There is no bulk operation ${id}.`);
