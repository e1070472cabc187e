import { z } from 'zod';
import { actor } from '../actor.ts';
import { agentName, aliasName } from './agents.ts';
import { versionNumber } from './numbers.ts';
import { page, pageQuery } from './page.ts';
import { runMetadata, runStatus, runTags } from './runs.ts';

/** As of `GET /v1/runs`. Only filters that are set count; at least one must be. */
export const bulkFilter = z
  .strictObject({
    status: runStatus.optional(),
    agent: agentName.optional(),
    version: versionNumber.optional(),
    tag: z.string().max(64).optional(),
    thread: z.uuid().optional(),
    parent: z.uuid().optional(),
    schedule: z.uuid().optional(),
    created_after: z.iso.datetime({ offset: true }).optional(),
    created_before: z.iso.datetime({ offset: true }).optional(),
  })
  .refine((filter) => Object.values(filter).some((value) => value !== undefined), {
    error: 'give at least one filter',
  });

const reason = z.string().max(1_000).optional().describe('Kept in the log of each run.');
const ofNewRuns = {
  metadata: runMetadata.optional().describe('Of the new runs; left out: as their sources.'),
  tags: runTags.optional().describe('Of the new runs; left out: as their sources.'),
};

/** The same thing to every run that was there when it was asked for, and fits the filter when it is looked at. */
export const bulkBody = z
  .discriminatedUnion('operation', [
    z.strictObject({ operation: z.literal('cancel'), filter: bulkFilter, reason }),
    z.strictObject({ operation: z.literal('pause'), filter: bulkFilter, reason }),
    z.strictObject({ operation: z.literal('resume'), filter: bulkFilter }),
    z.strictObject({ operation: z.literal('rerun'), filter: bulkFilter, ...ofNewRuns }),
    z
      .strictObject({
        operation: z.literal('fork'),
        filter: bulkFilter,
        version: versionNumber.optional(),
        alias: aliasName.optional(),
        ...ofNewRuns,
      })
      .refine((body) => body.version === undefined || body.alias === undefined, {
        error: 'give version or alias, not both',
        path: ['alias'],
      }),
  ])
  .meta({ id: 'StartBulk' });
export type BulkBody = z.input<typeof bulkBody>;

export const bulkOperation = z
  .object({
    id: z.uuid(),
    operation: z.enum(['cancel', 'pause', 'resume', 'rerun', 'fork']),
    filter: z.object({
      status: runStatus.optional(),
      agent: z.string().optional(),
      version: z.int().positive().optional(),
      tag: z.string().optional(),
      thread: z.uuid().optional(),
      parent: z.uuid().optional(),
      schedule: z.uuid().optional(),
      created_after: z.iso.datetime().optional(),
      created_before: z.iso.datetime().optional(),
    }),
    status: z.enum(['running', 'done', 'cancelled']),
    matched: z
      .int()
      .nonnegative()
      .describe('Runs that fit: counted first, so it grows at the beginning; once `done` the sum of the other three.'),
    done: z.int().nonnegative(),
    skipped: z.int().nonnegative().describe('Runs in a state that does not allow it.'),
    skipped_because: z
      .record(z.string(), z.int().positive())
      .describe('How many runs were skipped for which reason, by the error code that asking for one run would get.'),
    failed: z.int().nonnegative().describe('Runs with which it did not work, for another reason.'),
    errors: z
      .array(z.object({ run: z.uuid(), code: z.string(), detail: z.string() }))
      .describe('The first runs with which it did not work, 20 at most.'),
    by: actor.describe('Who asked for it, and in whose name it is done.'),
    created_at: z.iso.datetime().describe('Runs that were created later are left alone.'),
    updated_at: z.iso.datetime(),
    ended_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'BulkOperation' });
export type BulkOperationResource = z.output<typeof bulkOperation>;

export const bulkPage = page(bulkOperation).meta({ id: 'BulkPage' });
export const listBulkQuery = pageQuery;
