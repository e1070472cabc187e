import { z } from 'zod';
import { limits } from '../agent/limits.ts';
import { jsonObject } from '../json.ts';
import { artifactPart, content, digest } from '../part.ts';

// What several events have in common.

export const time = z.int().nonnegative().describe("Milliseconds since 1970 by the database's clock.");
export const attempt = z.int().positive().describe('Counts from 1.');
export const call = z
  .string()
  .max(40)
  .describe(
    'The call: `m<n>` for the n-th model answer, `s<n>` for the n-th summary, `<seq>.<index>` for a tool call of the answer with that number.',
  );
export const purpose = z
  .enum(['answer', 'summary'])
  .describe('What the model is asked for: the next answer, or a summary of what is about to be dropped.');
export const keptFrom = z.int().positive();
export const worker = z.string().max(64).describe('The worker process.');
export const message = z.string().describe('For people.');

export const effect = z.enum(['read', 'idempotent', 'once']);
export type Effect = z.infer<typeof effect>;

export const messageMode = z.enum(['steer', 'queue', 'interrupt']);
export type MessageMode = z.infer<typeof messageMode>;

/** What a call may use at most, kept free until it ends. */
export const reservation = z.strictObject({
  tokens: z.int().nonnegative(),
  cost_usd_micros: z.int().nonnegative(),
  active_ms: z.int().nonnegative().describe("The call's time-out: active time may grow by this much."),
});
export type Reservation = z.infer<typeof reservation>;

/** The window of a budget that an allowance was taken from. */
export const budgetWindow = z.strictObject({
  budget: z.uuid(),
  name: z.string(),
  level: z.enum(['tenant', 'agent']),
  starts_at: time.describe('0: the budget has one window, which never ends.'),
  ends_at: time.nullable(),
});
export type BudgetWindow = z.infer<typeof budgetWindow>;

/** What one attempt of a model call counts for, in limits, budgets and usage. */
export const charge = z.strictObject({
  model: z.string().describe('The model that was asked.'),
  price_version: z.int().positive().nullable().describe('As in the intent.'),
  tokens: z.int().nonnegative(),
  cost_usd_micros: z.int().nonnegative().describe('By the prices of the intent.'),
  estimated: z
    .boolean()
    .describe(
      'The server reported nothing, or its answer was lost: the reservation counts, which is at least as much.',
    ),
});
export type Charge = z.infer<typeof charge>;

export const usage = z.strictObject({
  input_tokens: z.int().nonnegative(),
  output_tokens: z.int().nonnegative(),
  cached_tokens: z.int().nonnegative().optional().describe("Of `input_tokens`: read from the server's cache."),
});
export type Usage = z.infer<typeof usage>;

/** A tool call asked for by the model. `invalid` keeps arguments that are not a JSON object as they came. */
export const requestedCall = z.strictObject({
  id: z.string().max(200).describe('The id the model gave; it only pairs call and result in the transcript.'),
  name: z.string().max(200),
  arguments: jsonObject,
  invalid: z.string().optional().describe('The arguments as they came, when they are no JSON object.'),
});
export type RequestedCall = z.infer<typeof requestedCall>;

/** A message of a run that came before in the thread, as the model is shown it. */
export const saidBefore = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('user'), content }),
  z.strictObject({ role: z.literal('assistant'), content, tool_calls: z.array(requestedCall) }),
  z.strictObject({
    role: z.literal('tool'),
    id: z.string().max(200),
    name: z.string().max(200),
    content,
    is_error: z.boolean(),
  }),
]);
export type SaidBefore = z.infer<typeof saidBefore>;

/** A `once` call that the source of a fork has begun, and that the fork may come to ask for again. */
export const begunCall = z.strictObject({
  key: z.string().describe('The idempotency key it was made with.'),
  name: z.string(),
  arguments_hash: digest,
  result: z
    .strictObject({ content, is_error: z.boolean(), artifacts: z.array(artifactPart).optional() })
    .nullable()
    .describe('`null`: nobody knows of one.'),
});
export type BegunCall = z.infer<typeof begunCall>;

/** The version that calls of an agent as a tool start, with its limits. */
export const pinnedAgent = z.strictObject({ version: z.int().positive(), version_id: z.uuid(), limits });
export type PinnedAgent = z.infer<typeof pinnedAgent>;

export const pinnedAgents = z
  .record(z.string(), pinnedAgent)
  .describe("Versions of the agents that it may call, by the tool's name.");
export type PinnedAgents = z.infer<typeof pinnedAgents>;

/** The call that a run was started by. */
export const parentOfRun = z.strictObject({
  run: z.uuid(),
  call,
  root: z.uuid().describe('The run at the top, which nobody called.'),
  depth: z.int().positive().describe('1: its parent is the root.'),
  descendants: z.int().nonnegative().describe('How many runs it and those below it may start.'),
});
export type ParentOfRun = z.infer<typeof parentOfRun>;

/** How an execution in Temporal ended before its run did. */
export const engineLoss = z.enum(['terminated', 'failed', 'timed-out', 'cancelled']);
export type EngineLoss = z.infer<typeof engineLoss>;
