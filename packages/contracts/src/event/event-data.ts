import { z } from 'zod';
import { actor, role } from '../actor.ts';
import { limits, prices, raisableLimit } from '../agent/limits.ts';
import { json, jsonObject } from '../json.ts';
import { artifactPart, content, digest } from '../part.ts';

/** Milliseconds since 1970 by the database's clock. */
const time = z.int().nonnegative();
const attempt = z.int().positive();
/** `m<n>` for the n-th model answer, `<seq>.<index>` for a tool call of the answer with that number. */
const call = z.string().max(40);
const worker = z.string().max(64);
const message = z.string();

export const effect = z.enum(['read', 'idempotent', 'once']);
export type Effect = z.infer<typeof effect>;

export const messageMode = z.enum(['steer', 'queue', 'interrupt']);
export type MessageMode = z.infer<typeof messageMode>;

/** What a call may use at most, kept free until it ends. */
export const reservation = z.strictObject({
  tokens: z.int().nonnegative(),
  cost_usd_micros: z.int().nonnegative(),
  /** The call's time-out: active time may grow by this much. */
  active_ms: z.int().nonnegative(),
});
export type Reservation = z.infer<typeof reservation>;

export const usage = z.strictObject({
  input_tokens: z.int().nonnegative(),
  output_tokens: z.int().nonnegative(),
});
export type Usage = z.infer<typeof usage>;

/** A tool call asked for by the model. `invalid` keeps arguments that are not a JSON object as they came. */
export const requestedCall = z.strictObject({
  /** The id the model gave; it only pairs call and result in the transcript. */
  id: z.string().max(200),
  name: z.string().max(200),
  arguments: jsonObject,
  invalid: z.string().optional(),
});
export type RequestedCall = z.infer<typeof requestedCall>;

/**
 * Every event of a run's log: its name and its facts. Past tense, with all that is needed to fold.
 * The number, the time and the format stand in the envelope (`event.ts`).
 */
export const eventData = {
  // life
  'run.created': z.strictObject({
    agent: z.string(),
    version: z.int().positive(),
    version_id: z.uuid(),
    input: content,
    limits,
    metadata: z.record(z.string(), z.string()),
    by: actor,
  }),
  'run.admitted': z.strictObject({}),
  'run.claimed': z.strictObject({ worker }),
  'run.taken_over': z.strictObject({
    worker,
    from: worker,
    why: z.enum(['lease-expired', 'session-lost', 'restarted', 'abandoned']),
    /** Until then the old holder may still be acting. */
    lease_until: time,
  }),
  'run.paused': z.strictObject({ by: actor, reason: z.string().optional() }),
  'run.resumed': z.strictObject({ by: actor }),
  'run.cancel_requested': z.strictObject({ by: actor, reason: z.string().optional() }),
  'run.succeeded': z.strictObject({ output: content }),
  'run.failed': z.strictObject({ code: z.string(), detail: message, unresolved: z.array(call) }),
  'run.cancelled': z.strictObject({ unresolved: z.array(call) }),
  'log.went_back': z.strictObject({ expected: z.int(), found: z.int() }),

  // turn
  'model.called': z.strictObject({
    call,
    attempt,
    model: z.string(),
    prices: prices.nullable(),
    max_output_tokens: z.int().positive(),
    timeout_ms: z.int().positive(),
    reservation,
  }),
  'model.answered': z.strictObject({
    call,
    attempt,
    content,
    tool_calls: z.array(requestedCall),
    /** `null`: the server reported none, so the reservation counts as spent. */
    usage: usage.nullable(),
    cost_usd_micros: z.int().nonnegative(),
    finish_reason: z.string(),
    /** The model that really answered. */
    model: z.string(),
  }),
  'model.interrupted': z.strictObject({
    call,
    attempt,
    content,
    why: z.enum(['message', 'cancel', 'deadline']),
  }),
  'model.failed': z.strictObject({
    call,
    attempt,
    class: z.enum(['not-sent', 'rate-limited', 'transient', 'permanent', 'lost']),
    message,
  }),

  // tool
  'tool.called': z.strictObject({
    call,
    attempt,
    name: z.string(),
    effect,
    /** Handed to the tool; the same for all attempts. */
    key: z.string(),
    arguments_hash: digest,
    timeout_ms: z.int().positive(),
    reservation,
  }),
  'tool.returned': z.strictObject({
    call,
    attempt,
    content,
    is_error: z.boolean(),
    /** Files that the call added to the run. */
    artifacts: z.array(artifactPart).optional(),
  }),
  'tool.failed': z.strictObject({
    call,
    attempt,
    class: z.enum(['not-sent', 'no-answer', 'lost', 'aborted']),
    message,
  }),
  'tool.unknown': z.strictObject({
    call,
    attempt,
    why: message,
    /** Before this time the lost call may still be under way, so `retry` is refused. */
    retry_from: time,
  }),
  'tool.resolved': z.strictObject({
    call,
    how: z.enum(['done', 'retry', 'fail', 'late-result']),
    by: actor,
    content: content.optional(),
    is_error: z.boolean().optional(),
    note: z.string().optional(),
  }),
  'tool.late_result': z.strictObject({ call, attempt, content, is_error: z.boolean() }),
  'tool.changed': z.strictObject({ call, attempt, expected: digest, found: digest.nullable() }),
  'tool.not_run': z.strictObject({
    call,
    why: z.enum(['denied', 'user-spoke', 'unknown-tool', 'invalid-arguments', 'stopped']),
    message,
  }),

  // wait
  'wait.began': z.strictObject({ call, for: z.literal('timer'), until: time }),
  'wait.ended': z.strictObject({ call, by: z.enum(['timer', 'message']) }),

  // people
  'message.received': z.strictObject({ id: z.uuid(), mode: messageMode, content, by: actor }),
  'message.delivered': z.strictObject({ ids: z.array(z.uuid()) }),
  'approval.asked': z.strictObject({
    call,
    /** Covers tool server, tool, schema hash and the canonical (RFC 8785) arguments. */
    hash: digest,
    role,
    why: z.enum(['rule', 'condition', 'condition-not-evaluable']),
    expires_at: time.nullable(),
  }),
  'approval.decided': z.strictObject({
    call,
    hash: digest,
    decision: z.enum(['approved', 'denied']),
    by: actor,
    reason: z.string().optional(),
  }),
  'question.asked': z.strictObject({ call, question: z.string(), schema: jsonObject }),
  'question.answered': z.strictObject({ call, answer: json, by: actor }),

  // context
  'context.compacted': z.strictObject({
    rule: z.literal('last-turns'),
    /** Messages of events before this number are no longer shown to the model, but for the first input. */
    kept_from: z.int().positive(),
    dropped_bytes: z.int().nonnegative(),
  }),

  // budget
  'limit.reached': z.strictObject({
    limit: z.enum([...raisableLimit.options, 'deadline_ms']),
    limit_value: z.int(),
    spent: z.int(),
    /** What the next call would have needed. */
    needed: z.int(),
  }),
  'limit.raised': z.strictObject({ limit: raisableLimit, to: z.int().positive(), by: actor }),

  // retry
  'attempt.scheduled': z.strictObject({
    call,
    attempt,
    /** Not before this time. */
    at: time,
    reason: message,
    /** A 429 with Retry-After burns no attempt; a person's retry starts the count anew. */
    burns: z.boolean(),
    by: actor.optional(),
  }),
} as const;
