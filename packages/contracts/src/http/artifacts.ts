import { z } from 'zod';

export const artifactItem = z
  .object({
    digest: z.string(),
    name: z.string().nullable(),
    media_type: z.string(),
    /** bytes */
    size: z.int().nonnegative(),
  })
  .meta({ id: 'Artifact' });
export type ArtifactResource = z.output<typeof artifactItem>;

/** All files of a run on one page: their number is bounded by the run's steps. */
export const artifactPage = z.object({ items: z.array(artifactItem) });
