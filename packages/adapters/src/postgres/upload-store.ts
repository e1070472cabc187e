import type { NewUpload, TenantScope, Upload, UploadStore } from '@holdfast/core';
import type { Connections } from './sql.ts';
import type { Scoped } from './tenant-scope.ts';

const columns = `id, name, media_type as "mediaType", size, digest, created_at as "createdAt",
  expires_at as "expiresAt", completed_at as "completedAt"`;
const CLEANED_AT_ONCE = 1_000;

export class PostgresUploadStore implements UploadStore {
  readonly #scoped: Scoped;

  constructor(scoped: Scoped) {
    this.#scoped = scoped;
  }

  async create({ tenant }: TenantScope, upload: NewUpload, lifeMs: number): Promise<Upload> {
    const { id, name, mediaType, size, digest } = upload;
    const [made] = await this.#scoped.in({ tenant }, (sql) =>
      sql.query<Upload>(
        `insert into holdfast.uploads (tenant_id, id, name, media_type, size, digest, expires_at)
         values ($1, $2, $3, $4, $5, $6, holdfast.now_ms() + $7::bigint) returning ${columns}`,
        [tenant, id, name, mediaType, size, digest, lifeMs],
      ),
    );
    if (made === undefined) throw new Error(`upload ${id} was not inserted`);
    return made;
  }

  async get(scope: TenantScope, id: string): Promise<Upload | null> {
    const [found] = await this.#scoped.read<Upload>(
      scope,
      `select ${columns} from holdfast.uploads where tenant_id = $1 and id = $2 and expires_at > holdfast.now_ms()`,
      [scope.tenant, id],
    );
    return found ?? null;
  }

  async complete(scope: TenantScope, id: string): Promise<Upload | null> {
    const [found] = await this.#scoped.in(scope, (sql) =>
      sql.query<Upload>(
        `update holdfast.uploads set completed_at = coalesce(completed_at, holdfast.now_ms())
         where tenant_id = $1 and id = $2 and expires_at > holdfast.now_ms() returning ${columns}`,
        [scope.tenant, id],
      ),
    );
    return found ?? null;
  }
}

/** Deletes a small batch of uploads that are over; returns how many. */
export async function cleanUploads(connections: Connections): Promise<number> {
  const [row] = await connections.lend((sql) =>
    sql.query<{ deleted: number }>('select holdfast.clean_uploads($1) as deleted', [CLEANED_AT_ONCE]),
  );
  return row?.deleted ?? 0;
}
