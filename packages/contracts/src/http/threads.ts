import { z } from 'zod';
import { runMetadata } from './runs.ts';
import { page, pageQuery } from './page.ts';

/** Body of a new thread; may be left out. */
export const createThreadBody = z.strictObject({ metadata: runMetadata.default({}) });
export type CreateThreadBody = z.input<typeof createThreadBody>;

/** A conversation. One of its runs is active at a time; each sees what was said in those before it. */
export const threadResource = z
  .object({
    id: z.uuid(),
    metadata: z.record(z.string(), z.string()),
    active_run: z.uuid().nullable().describe('The run that is neither queued behind another nor ended.'),
    last_run: z.uuid().nullable().describe('The newest that has ended: what the next run will see.'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Thread' });
export type ThreadResource = z.output<typeof threadResource>;

export const threadPage = page(threadResource);
export const listThreadsQuery = pageQuery;
