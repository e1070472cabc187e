import { z } from 'zod';
import { duration } from '../agent/duration.ts';
import { limits } from '../agent/limits.ts';
import { messageMode } from '../event/event-parts.ts';
import { wireEvent } from '../event/event.ts';
import { json, jsonObject } from '../json.ts';
import { content, textPart } from '../part.ts';
import { agentName, aliasName } from './agents.ts';
import { eventNumber, eventParameter, versionNumber, versionParameter } from './numbers.ts';
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

export const runTags = z
  .array(z.string().regex(/^[\w.:/-]{1,64}$/, { error: 'letters, digits and . : / - _' }))
  .max(16);

/** What happens when the thread has an active run: wait for its end, refuse with 409, or cancel it. */
export const onBusy = z.enum(['queue', 'reject', 'interrupt']);

/** Which version: `version`, or `alias`, or the latest. */
export const startRunBody = z
  .strictObject({
    agent: agentName,
    version: versionNumber.optional(),
    alias: aliasName.optional(),
    input: runInput.default(''),
    files: z
      .array(z.uuid().transform((id) => id.toLowerCase()))
      .max(16)
      .default([])
      .describe('Complete uploads that the run gets as files of its own.'),
    limits: runLimits.optional(),
    metadata: runMetadata.default({}),
    tags: runTags.default([]),
    thread: z.uuid().optional().describe('The conversation that this run continues.'),
    on_busy: onBusy.default('queue'),
    start_at: z.iso.datetime({ offset: true }).optional().describe('Not before this time.'),
    expires_in: duration
      .optional()
      .describe('Fails with `expired` when no worker began it within this time, counted from `start_at`.'),
    /** Runs of one key are at work one at a time. */
    concurrency_key: z
      .string()
      .regex(/^[\x20-\x7E]{1,200}$/, { error: 'must be 1 to 200 printable ASCII characters' })
      .optional(),
    priority: z.int().min(-100).max(100).default(0).describe('Within the tenant, higher goes first.'),
  })
  .refine((body) => body.version === undefined || body.alias === undefined, {
    error: 'give version or alias, not both',
    path: ['alias'],
  })
  .meta({ id: 'StartRun' });
export type StartRunBody = z.input<typeof startRunBody>;

export const waitingFor = z.object({
  reason: z.enum(['timer', 'input', 'child', 'capacity', 'thread', 'budget', 'attention']),
  since: z.iso.datetime(),
  until: z.iso.datetime().nullable(),
  ref: z.string().nullable(),
  because: z
    .enum([
      'engine_unavailable',
      'no_worker',
      'tenant_suspended',
      'installation_frozen',
      'concurrency_key',
      'agent',
      'model',
      'tenant',
      'workers',
    ])
    .optional()
    .describe(
      'Of `capacity`, on a single run: no worker can begin it (Temporal is away, no worker is running, the tenant is suspended, or the installation is frozen after a restore); whose room is taken; or `workers`: it waits for a place at one.',
    ),
  ahead: z
    .object({
      runs: z.int().nonnegative().describe('That wait for the same and go before it.'),
      of_this_tenant: z.int().nonnegative(),
      at_least: z.boolean().describe('The count ended there; there may be more.'),
    })
    .optional()
    .describe('Of `capacity`, on a single run.'),
  detail: z.string().optional().describe('The same in words.'),
});

const runFields = {
  id: z.uuid(),
  agent: z.string(),
  version: z.int().positive(),
  status: runStatus,
  waiting_for: z.array(waitingFor),
  head: z.int().positive().describe('Number of the last event.'),
  metadata: z.record(z.string(), z.string()),
  tags: z.array(z.string()),
  priority: z.int(),
  concurrency_key: z.string().nullable(),
  start_at: z.iso.datetime().nullable().describe('null: at once.'),
  expires_at: z.iso.datetime().nullable(),
  thread: z.uuid().nullable(),
  parent: z
    .object({ run: z.uuid(), call: z.string() })
    .nullable()
    .describe('The run and its tool call that this run was started by.'),
  forked_from: z
    .object({ run: z.uuid(), seq: z.int().positive() })
    .nullable()
    .describe('The run and the event that this run was forked after.'),
  schedule: z
    .object({ id: z.uuid(), tick: z.iso.datetime().nullable() })
    .nullable()
    .describe('The schedule that started this run, and for which tick; null there: it was asked for by hand.'),
  usage: z.object({
    tokens: z.int().nonnegative().describe('Tokens read and written by models.'),
    cost_usd_micros: z.int().nonnegative(),
  }),
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
    /** The same as JSON, when the agent has an output schema. */
    output_value: json.nullable(),
    error: z.object({ code: z.string(), detail: z.string() }).nullable().describe('Why it failed; null unless it did.'),
  })
  .meta({ id: 'Run' });
export type RunResource = z.output<typeof runResource>;

export const runPage = page(runSummary).meta({ id: 'RunPage' });

export const listRunsQuery = pageQuery.extend({
  status: runStatus.optional(),
  agent: agentName.optional(),
  version: versionParameter.optional(),
  tag: z.string().max(64).optional(),
  thread: z.uuid().optional(),
  parent: z.uuid().optional(),
  schedule: z.uuid().optional(),
  created_after: z.iso.datetime({ offset: true }).optional(),
  created_before: z.iso.datetime({ offset: true }).optional(),
});

/** What a fork may change. `at`: the event after which it goes on; left out, the last good one. */
export const forkRunBody = z
  .strictObject({
    at: eventNumber.min(1).optional(),
    version: versionNumber.optional(),
    alias: aliasName.optional(),
    /** Instead of the first input. */
    input: runInput.optional(),
    message: z
      .union([z.string().min(1), z.array(textPart).nonempty()])
      .optional()
      .describe('Said to the run before its next model call.'),
    limits: runLimits.optional(),
    metadata: runMetadata.optional(),
    tags: runTags.optional(),
  })
  .refine((body) => body.version === undefined || body.alias === undefined, {
    error: 'give version or alias, not both',
    path: ['alias'],
  })
  .meta({ id: 'ForkRun' });
export type ForkRunBody = z.input<typeof forkRunBody>;

/** `rerun` = a fork at the last good event, with nothing changed. */
export const rerunBody = z.strictObject({ metadata: runMetadata.optional(), tags: runTags.optional() });

/** One line of the effect ledger, folded from the run's log. */
export const effectItem = z
  .object({
    call: z.string(),
    tool: z.string(),
    effect: z.enum(['read', 'idempotent', 'once']),
    key: z.string().describe('The idempotency key that the tool received.'),
    status: z.enum(['intended', 'done', 'failed', 'unknown', 'resolved']),
    attempts: z.int().positive(),
    arguments: jsonObject,
    since: z.iso.datetime(),
    settled_at: z.iso.datetime().nullable(),
    resolution: z
      .object({ how: z.string(), by: z.string(), note: z.string().nullable() })
      .nullable()
      .describe('Set once a person, or a late answer, has settled what was unknown.'),
  })
  .meta({ id: 'Effect' });
export type EffectResource = z.output<typeof effectItem>;
export const effectPage = z.object({ items: z.array(effectItem) });

export const readEventsQuery = z.strictObject({
  after: eventParameter.optional().describe('Only events after this number.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  /** On a stream: the words of the model too, as they come. */
  deltas: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true'),
});

/** `next_after` goes into the next page's `after`; `ended` says that the run's end is on this page or before it. */
export const eventPage = z
  .object({
    items: z.array(wireEvent),
    next_after: z.int().nonnegative(),
    head: z.int().positive(),
    ended: z.boolean(),
  })
  .meta({ id: 'EventPage' });
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
