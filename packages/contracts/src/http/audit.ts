import { z } from 'zod';
import { actor } from '../actor.ts';
import { jsonObject } from '../json.ts';
import { page, pageQuery } from './page.ts';

const hash = z.string().describe('SHA-256, hex.');

/** Who did what. `hash` covers the line and the hash before it: a chain for each tenant. */
export const auditLine = z
  .object({
    number: z.int().positive().describe('From 1 without gaps, in this tenant.'),
    at: z.iso.datetime(),
    by: actor.extend({ name: z.string().nullable().describe('null: not known.') }),
    operation: z.string().describe('As in the table of permissions, such as `agents.publish`.'),
    target: z.string().describe('Path of what was changed or read.'),
    outcome: z.enum(['done', 'refused']).describe('`refused`: whoever asked may not; `detail.code` says why.'),
    before: hash
      .nullable()
      .describe('Of the canonical JSON (RFC 8785) of the resource as its GET showed it; null: there was none.'),
    after: hash.nullable().describe('The same after the change; null: there is none any more, or nothing was changed.'),
    from: z
      .object({
        address: z.string().describe('IP address of the client.'),
        agent: z.string().nullable().describe('Its User-Agent, at most 200 characters.'),
      })
      .nullable()
      .describe('null: it was the system.'),
    /** Facts that are no secret. */
    detail: jsonObject,
    request_id: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditLine' });
export type AuditLine = z.output<typeof auditLine>;

export const auditPage = page(auditLine);

const time = z.iso.datetime({ offset: true });
export const listAuditQuery = pageQuery.extend({
  operation: z.string().max(100).optional(),
  actor: z.string().max(255).optional().describe('Id of who did it: of a member or an API key.'),
  target: z
    .string()
    .max(1_000)
    .regex(/^\/[^\s]*$/, { error: 'must be a path, such as /v1/runs/<id>' })
    .optional()
    .describe('A path, with all below it.'),
  since: time.optional().describe('From then on.'),
  until: time.optional().describe('Before then.'),
});

/** Where a chain stands: number and hash of a line. */
const place = z.object({ number: z.int().nonnegative(), hash: z.string() });

export const auditVerification = z
  .object({
    state: z.enum(['whole', 'broken']),
    lines: z.int().nonnegative().describe('How many were found to be as they were written.'),
    head: place.describe('Number and hash of the newest line.'),
    problem: z
      .object({
        number: z.int().nonnegative().describe('The first line with which something is wrong.'),
        kind: z.enum(['changed', 'removed', 'inserted', 'reordered', 'checkpoint-forged']),
        found: z.string().describe('What stands there instead.'),
      })
      .nullable()
      .describe('null: the chain is whole.'),
  })
  .meta({ id: 'AuditVerification' });
export type AuditVerification = z.output<typeof auditVerification>;

export const auditHead = z
  .object({
    head: place.describe('Number and hash of the newest line; 0 and empty: there is none.'),
    checkpoint: place
      .extend({
        count: z.int().positive().describe('How many lines the last step removed.'),
        at: z.iso.datetime(),
      })
      .nullable()
      .describe('Lines up to this one were removed because of their age; null: none was.'),
    verified: z
      .object({ at: z.iso.datetime(), by: z.string(), state: z.enum(['whole', 'broken']), number: z.int() })
      .nullable()
      .describe(
        'The last verification that somebody asked for: who, what came of it, and the line it reached or named.',
      ),
  })
  .meta({ id: 'AuditHead' });
export type AuditHeadResource = z.output<typeof auditHead>;

export const exportAuditQuery = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .nonnegative()
    .max(2_147_483_647)
    .default(0)
    .describe('Number of the last line that you have; from the beginning when left out.'),
});

export const auditRetention = z
  .strictObject({
    days: z
      .int()
      .min(30)
      .max(3_650)
      .nullable()
      .describe('Lines older than this are removed; null: as long as the platform says.'),
  })
  .meta({ id: 'AuditRetention' });
export type AuditRetention = z.output<typeof auditRetention>;
