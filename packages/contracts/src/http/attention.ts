import { z } from 'zod';
import { json, jsonObject } from '../json.ts';
import { digest, textPart } from '../part.ts';
import { agentName } from './agents.ts';
import { page, pageQuery } from './page.ts';

export const attentionKind = z.enum([
  'approval',
  'question',
  'limit',
  'unknown-effect',
  'tool-changed',
  'attempts-exhausted',
  'duplicate-after-fork',
  'log-problem',
  'engine-problem',
  'budget',
]);

export const attentionItem = z
  .object({
    run_id: z.uuid(),
    agent: z.string(),
    ref: z.string().describe('Names the thing within its run for as long as it is open.'),
    kind: attentionKind,
    call: z.string().nullable(),
    role: z
      .string()
      .nullable()
      .describe('Who may decide; null: whoever may steer runs, or where `approvers` are named, those alone.'),
    approvers: z.array(z.string()).describe('Ids of members and API keys that are named.'),
    since: z.iso.datetime(),
    until: z.iso.datetime().nullable(),
    /** What the person needs to know: arguments, the question and its schema, the limit. */
    detail: jsonObject,
  })
  .meta({ id: 'Attention' });
export type AttentionResource = z.output<typeof attentionItem>;

export const attentionPage = page(attentionItem).meta({ id: 'AttentionPage' });

export const listAttentionQuery = pageQuery.extend({
  run: z.uuid().optional(),
  kind: attentionKind.optional(),
  agent: agentName.optional().describe('Of runs of this agent.'),
  mine: z.stringbool().default(false).describe('`true`: what I may settle myself.'),
});

const note = z.string().max(2_000).optional();

/** Which decisions fit which kind stands in `decisionsFor`. */
const decision = z.discriminatedUnion('decision', [
  /** `hash` binds the decision to the arguments that were read; without it, to those of the open question. */
  z.strictObject({ decision: z.literal('approve'), hash: digest.optional(), reason: note }),
  z.strictObject({ decision: z.literal('deny'), hash: digest.optional(), reason: note }),
  /** These arguments instead: the old question is denied, and a new one asked about them. */
  z.strictObject({ decision: z.literal('change'), hash: digest.optional(), arguments: jsonObject, reason: note }),
  z.strictObject({ decision: z.literal('answer'), answer: json }),
  /** The effect took place; `content` is its result as the model shall see it. */
  z.strictObject({
    decision: z.literal('done'),
    content: z.union([z.string(), z.array(textPart).nonempty()]),
    is_error: z.boolean().default(false),
    note,
  }),
  z.strictObject({ decision: z.literal('retry'), note }),
  z.strictObject({ decision: z.literal('fail'), note }),
  /** The source of the fork has made this call: take its result, make it again, or leave it out. */
  z.strictObject({ decision: z.literal('reuse'), note }),
  z.strictObject({ decision: z.literal('call'), note }),
  z.strictObject({ decision: z.literal('skip'), note }),
  /** The new value, in the limit's own unit (`detail` names the limit). */
  z.strictObject({ decision: z.literal('raise'), to: z.int().positive() }),
]);
export const decideBody = decision.meta({ id: 'Decide' });
export type DecideBody = z.input<typeof decideBody>;
export type Decision = z.output<typeof decideBody>;

/** The decisions each kind of attention takes. */
export const decisionsFor = {
  approval: ['approve', 'deny', 'change'],
  question: ['answer'],
  limit: ['raise'],
  'unknown-effect': ['done', 'retry', 'fail'],
  'tool-changed': ['retry', 'fail'],
  'attempts-exhausted': ['retry', 'fail'],
  'duplicate-after-fork': ['reuse', 'call', 'skip'],
  'log-problem': [],
  'engine-problem': ['retry'],
  budget: [],
} as const satisfies Record<z.infer<typeof attentionKind>, readonly Decision['decision'][]>;

/** What was recorded. */
export const decisionReceipt = z
  .object({ run_id: z.uuid(), ref: z.string(), decision: z.string(), seq: z.int().positive() })
  .meta({ id: 'DecisionReceipt' });
export type DecisionReceipt = z.output<typeof decisionReceipt>;
