import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const file = z.strictObject({ rows: count, bytes: count, sha256 });

/** Another format is refused. */
export const MANIFEST_FORMAT = 1;

/** What stands in `manifest.json` of an export: enough to know whether all of it is there and as it was written. */
export const manifest = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  release: z.string(),
  /** ms since 1970 */
  at: z.int(),
  /** The source was closed: the installation goes on where this is imported. Else it is a copy. */
  moved: z.boolean(),
  installation: z.strictObject({ id: z.uuid(), created_at: z.int() }),
  migrations: z.array(z.strictObject({ name: z.string(), hash: sha256 })),
  sequences: z.array(z.strictObject({ name: z.string(), next: z.int() })),
  /** Ids of the keys that secrets are sealed with; the keys themselves go another way. */
  secret_keys: z.array(z.string()),
  /** `tables/<name>.jsonl` */
  tables: z.record(z.string().regex(/^[a-z_]+$/), file),
  /** The list `artifacts.jsonl`; `held`: what it lists lies in `artifacts/`. */
  artifacts: file.extend({ held: z.boolean() }),
});
export type Manifest = z.infer<typeof manifest>;
export type ListedFile = z.infer<typeof file>;

/** A line of `artifacts.jsonl`. */
export const artifactLine = z.strictObject({ tenant: z.string(), run: z.string(), digest: sha256, bytes: count });
export type ArtifactLine = z.infer<typeof artifactLine>;
