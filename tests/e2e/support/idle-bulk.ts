import { randomUUID } from 'node:crypto';
import type { TestServer } from './server.ts';

/** A bulk operation at which no worker works, since it has no row in the outbox. Returns its id. */
export async function idleBulk({ database }: TestServer, tenant: string): Promise<string> {
  const id = randomUUID();
  const by = { type: 'api-key', id: 'k', roles: [] };
  await database.connections.lend((sql) =>
    sql.query(
      `insert into holdfast.bulk_operations
         (tenant_id, id, work, filter, asked_by, created_at, phase, skipped, errors, updated_at)
       values ($1, $2, '{"type":"cancel"}', '{"agent":"nobody"}', $3, 1, 'counting', '{}', '[]', 1)`,
      [tenant, id, JSON.stringify(by)],
    ),
  );
  return id;
}
