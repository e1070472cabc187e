import { randomUUID } from 'node:crypto';
import type { BulkOperation } from '@holdfast/core';
import type { TestServer } from './server.ts';

/** A bulk operation at which no worker works, since it has no row in the outbox. Returns its id. */
export async function idleBulk(
  { database }: TestServer,
  tenant: string,
  { work, filter }: Pick<BulkOperation, 'work' | 'filter'> = { work: { type: 'cancel' }, filter: { agent: 'nobody' } },
): Promise<string> {
  const id = randomUUID();
  const by: BulkOperation['by'] = { type: 'api-key', id: 'k', roles: [] };
  const texts = [work, filter, by].map((part) => JSON.stringify(part));
  await database.connections.lend((sql) =>
    sql.query(
      `insert into holdfast.bulk_operations
         (tenant_id, id, work, filter, asked_by, created_at, phase, skipped, errors, updated_at)
       values ($1, $2, $3, $4, $5, $6, 'counting', '{}', '[]', $6)`,
      [tenant, id, ...texts, database.clock.now()],
    ),
  );
  return id;
}
