import type { ArtifactRow, RunRef } from '@holdfast/core';
import { isUuid } from './ids.ts';
import type { Scoped } from './tenant-scope.ts';

/** The files of a run, oldest first; of several with one name the last is the newest. */
export async function artifactRows(scoped: Scoped, ref: RunRef): Promise<readonly ArtifactRow[]> {
  if (!isUuid(ref.run)) return [];
  return scoped.in(ref, (sql) =>
    sql.query<ArtifactRow>(
      `select digest, nullif(name, '') as name, media_type as "mediaType", size from holdfast.artifacts
       where tenant_id = $1 and run_id = $2 order by position`,
      [ref.tenant, ref.run],
    ),
  );
}
