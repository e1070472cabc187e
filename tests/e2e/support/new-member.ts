import { randomUUID } from 'node:crypto';
import type { Role } from '@holdfast/contracts';
import type { TestServer } from './server.ts';

/** A member as the first token would make one. */
export async function newMember(
  { database }: TestServer,
  tenant: string,
  roles: readonly Role[] = [],
): Promise<string> {
  const id = randomUUID();
  await database.connections.lend((sql) =>
    sql.query(
      `insert into holdfast.members (tenant_id, id, kind, issuer, subject, name, roles, last_seen_at)
       values ($1, $2, 'person', 'https://issuer.test', $3, 'Ada', $4, 1)`,
      [tenant, id, `subject ${id}`, JSON.stringify(roles)],
    ),
  );
  return id;
}
