import { z } from 'zod';
import { duration } from '../agent/duration.ts';
import { limits } from '../agent/limits.ts';
import { messageMode } from '../event/event-data.ts';
import { wireEvent } from '../event/event.ts';
import { json } from '../json.ts';
import { content, textPart } from '../part.ts';
import { agentName, aliasName } from './agents.ts';
import { eventNumber, versionNumber } from './numbers.ts';
import { page, pageQuery } from './page.ts';

export const runStatus = z.enum(['queued', 'running', 'waiting', 'paused', 'succeeded', 'failed', 'cancelled']);

/** Text, text parts, or any other JSON value, which the model sees as JSON text. */
export const runInput = z.union([z.string(), z.array(textPart).nonempty(), json]);

/** May only lower the limits of the version. Times as in the agent spec. */
export const runLimits = z.strictObject({
  steps: z.int().positive().optional(),
  tokens: z.int().positive().optional(),
  cost_usd: z.number().positive().max(1_000_000).optional(),
  active_time: duration.optional(),
  deadline: duration.optional(),
});

export const runMetadata = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((value) => Object.keys(value).length <= 32, { error: 'at most 32 entries' });

/** Which version: `version`, or `alias`, or the latest. */
export const startRunBody = z
  .strictObject({
    agent: agentName,
    version: versionNumber.optional(),
    alias: aliasName.optional(),
    input: runInput.default(''),
    limits: runLimits.optional(),
    metadata: runMetadata.default({}),
  })
  .refine((body) => body.version === undefined || body.alias === undefined, {
    error: 'give version or alias, not both',
    path: ['alias'],
  });
export type StartRunBody = z.input<typeof startRunBody>;

export const waitingFor = z.object({
  reason: z.enum(['timer', 'input', 'capacity', 'attention']),
  since: z.iso.datetime(),
  until: z.iso.datetime().nullable(),
  ref: z.string().nullable(),
});

const runFields = {
  id: z.uuid(),
  agent: z.string(),
  version: z.int().positive(),
  status: runStatus,
  waiting_for: z.array(waitingFor),
  /** Number of the last event. */
  head: z.int().positive(),
  metadata: z.record(z.string(), z.string()),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

export const runSummary = z.object(runFields).meta({ id: 'RunSummary' });
export type RunSummaryResource = z.output<typeof runSummary>;

export const runResource = z
  .object({
    ...runFields,
    input: content,
    limits,
    /** The final answer; null until the run has succeeded. */
    output: content.nullable(),
    /** Why it failed; null unless it did. */
    error: z.object({ code: z.string(), detail: z.string() }).nullable(),
  })
  .meta({ id: 'Run' });
export type RunResource = z.output<typeof runResource>;

export const runPage = page(runSummary);

export const listRunsQuery = pageQuery.extend({
  status: runStatus.optional(),
  agent: agentName.optional(),
});

/** Events after this number. */
const after = z.coerce.number().pipe(eventNumber);

export const readEventsQuery = z.strictObject({
  after: after.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

/** `next_after` goes into the next page's `after`; `ended` says that the run's end is on this page or before it. */
export const eventPage = z.object({
  items: z.array(wireEvent),
  next_after: z.int().nonnegative(),
  head: z.int().positive(),
  ended: z.boolean(),
});
export type EventPage = z.output<typeof eventPage>;

export const sendMessageBody = z.strictObject({
  content: z.union([z.string().min(1), z.array(textPart).nonempty()]),
  mode: messageMode.default('queue'),
});
export type SendMessageBody = z.input<typeof sendMessageBody>;

/** The message is durable: it will be delivered before the run can succeed. */
export const messageReceipt = z
  .object({ id: z.uuid(), run_id: z.uuid(), mode: messageMode, seq: z.int().positive(), received_at: z.iso.datetime() })
  .meta({ id: 'MessageReceipt' });
export type MessageReceipt = z.output<typeof messageReceipt>;

/** Body of pause, resume and cancel; may be left out. */
export const steerBody = z.strictObject({ reason: z.string().max(1_000).optional() });
