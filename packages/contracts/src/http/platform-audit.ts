import { z } from 'zod';
import { actor } from '../actor.ts';
import { jsonObject } from '../json.ts';
import { page } from './page.ts';

/** Who did what above all tenants. `hash` covers the line and the hash before it: one chain, which outlives tenants. */
export const platformAuditLine = z
  .object({
    number: z.int().positive().describe('From 1 without gaps.'),
    at: z.iso.datetime(),
    by: actor,
    operation: z.string().describe('Such as `tenants.suspend`; `tokens.refuse` and `tenants.erase` nobody asks for.'),
    tenant: z.string().nullable().describe('Id of the tenant that it is about; null: none.'),
    outcome: z.enum(['done', 'refused']).describe('`refused`: whoever asked may not; `detail.code` says why.'),
    from: z
      .object({
        address: z.string().describe('IP address of the client.'),
        agent: z.string().nullable().describe('Its User-Agent, at most 200 characters.'),
      })
      .nullable()
      .describe('null: it came from no client.'),
    detail: jsonObject,
    request_id: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'PlatformAuditLine' });
export type PlatformAuditLine = z.output<typeof platformAuditLine>;

export const platformAuditPage = page(platformAuditLine);

export const platformAuditVerification = z
  .object({
    state: z.enum(['whole', 'broken']),
    lines: z.int().nonnegative().describe('How many were found to be as they were written.'),
    problem: z
      .object({
        number: z.int().nonnegative().describe('The first line with which something is wrong.'),
        kind: z.enum(['changed', 'missing']),
      })
      .nullable()
      .describe('null: the chain is whole.'),
  })
  .meta({ id: 'PlatformAuditVerification' });
export type PlatformAuditVerification = z.output<typeof platformAuditVerification>;
