import { z } from 'zod';
import { actor } from '../actor.ts';
import { jsonObject } from '../json.ts';
import { page, pageQuery } from './page.ts';

/** Who changed what. `hash` covers the line and the hash before it: a chain for each tenant. */
export const auditLine = z
  .object({
    number: z.int().positive().describe('From 1 without gaps, in this tenant.'),
    at: z.iso.datetime(),
    by: actor,
    operation: z.string().describe('As in the table of permissions, such as `agents.publish`.'),
    target: z.string().describe('Path of what was changed.'),
    /** Facts that are no secret. */
    detail: jsonObject,
    request_id: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditLine' });
export type AuditLine = z.output<typeof auditLine>;

export const auditPage = page(auditLine);
export const listAuditQuery = pageQuery.extend({ operation: z.string().max(100).optional() });
