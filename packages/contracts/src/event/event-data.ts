import { z } from 'zod';
import { actor, role } from '../actor.ts';
import { limits, prices, raisableLimit } from '../agent/limits.ts';
import { json, jsonObject } from '../json.ts';
import { artifactPart, content, digest } from '../part.ts';
import {
  attempt,
  begunCall,
  budgetWindow,
  call,
  charge,
  effect,
  engineLoss,
  keptFrom,
  message,
  messageMode,
  parentOfRun,
  pinnedAgents,
  purpose,
  requestedCall,
  reservation,
  saidBefore,
  time,
  usage,
  worker,
} from './event-parts.ts';

/**
 * Every event of a run's log: its name and its facts. Past tense, with all that is needed to fold.
 * The number, the time and the format stand in the envelope (`event.ts`).
 */
export const eventData = {
  // life
  'run.created': z
    .strictObject({
      agent: z.string(),
      version: z.int().positive(),
      version_id: z.uuid(),
      input: content,
      limits,
      metadata: z.record(z.string(), z.string()),
      agents: pinnedAgents.optional(),
      thread: z.uuid().optional().describe('The conversation that this run continues.'),
      parent: parentOfRun.optional().describe('Set when another run started it.'),
      started_by: z
        .array(actor)
        .optional()
        .describe('Who started the run at the top, when another run started this one: for four eyes.'),
      start_at: time.optional().describe('Nothing begins before this time.'),
      expires_at: time.optional().describe('Unless a worker has begun it by then, the run fails.'),
      by: actor,
    })
    .describe('The run was accepted, pinned to a version of its agent.'),
  'run.admitted': z
    .strictObject({
      thread: z
        .strictObject({ run: z.uuid(), seq: z.int().positive(), said: z.array(saidBefore) })
        .optional()
        .describe(
          'What was said in the thread before, up to event `seq` of `run`: the model is shown it, whatever becomes of that run.',
        ),
    })
    .describe('It is its turn: the run may be claimed.'),
  'run.forked': z
    .strictObject({
      from: z.uuid(),
      seq: z.int().positive().describe('The events up to this one are copies of those of `from`.'),
      version: z.int().positive(),
      version_id: z.uuid(),
      input: content.describe('What the model is shown as the first input from here on.'),
      limits,
      metadata: z.record(z.string(), z.string()),
      agents: pinnedAgents.optional().describe('Left out: those of the source.'),
      began: z
        .array(begunCall)
        .describe('`once` calls that the source has begun beyond these events: one like them asks a person first.'),
      by: actor,
    })
    .describe(
      'The run goes on from a copy of another. What had not ended begins anew; what was used, waited for or said to the source is its own affair.',
    ),
  'run.claimed': z.strictObject({ worker }).describe('A worker holds the run from here on.'),
  'run.taken_over': z
    .strictObject({
      worker,
      from: worker,
      why: z.enum(['lease-expired', 'session-lost', 'restarted', 'abandoned']),
      lease_until: time.describe('Until then (ms since 1970) the old holder may still be acting.'),
    })
    .describe(
      'A worker holds the run from here on that took it from its holder, which died, was cut off, or gave it up.',
    ),
  'run.paused': z
    .strictObject({ by: actor, reason: z.string().optional() })
    .describe('Somebody paused the run. Calls under way end; nothing new begins.'),
  'run.resumed': z.strictObject({ by: actor }).describe('Somebody let the paused run go on.'),
  'run.cancel_requested': z
    .strictObject({ by: actor, reason: z.string().optional() })
    .describe('Somebody asked for the end. Calls that may be aborted are.'),
  'run.succeeded': z
    .strictObject({
      output: content,
      value: json.optional().describe('The output as JSON, when the agent has an output schema.'),
    })
    .describe('The end: the model answered without asking for another tool.'),
  'run.failed': z
    .strictObject({
      code: z.string().describe('Stable; see the run failures in the error reference.'),
      detail: message,
      unresolved: z.array(call).describe('Calls whose effect nobody knows.'),
    })
    .describe('The end: the run cannot go on.'),
  'run.cancelled': z
    .strictObject({ unresolved: z.array(call).describe('Calls whose effect nobody knows.') })
    .describe('The end: the run was cancelled.'),
  'log.went_back': z
    .strictObject({ expected: z.int(), found: z.int() })
    .describe('The database knows less than was written: it lost commits. The run stands still.'),
  'run.restored': z
    .strictObject({})
    .describe(
      'The database was restored from a backup, or copied: what the run did after that moment is not in its log. It is paused, and calls that were open are as after a crash.',
    ),
  'engine.lost': z
    .strictObject({
      execution: z.string().max(100).describe('Run id of the workflow in Temporal.'),
      how: engineLoss,
      restarted: z.boolean().describe('The run goes on in a new execution; else a person is asked first.'),
    })
    .describe('The engine’s execution that carried the run was ended there, past Holdfast.'),
  'engine.resumed': z
    .strictObject({ by: actor, note: z.string().optional() })
    .describe('Somebody let the run go on in a new execution of the engine.'),

  // turn
  'model.called': z
    .strictObject({
      call,
      attempt,
      purpose,
      kept_from: keptFrom.optional().describe('Of a summary: what comes before this number is to be summarised.'),
      model: z.string().describe('The model that is asked: the version’s, or a fallback.'),
      prices: prices.nullable().describe('By which it will be charged.'),
      price_version: z
        .int()
        .positive()
        .nullable()
        .describe('Which version of the model’s prices these are; `null`: those that the agent was published with.'),
      max_output_tokens: z.int().positive(),
      timeout_ms: z.int().positive(),
      reservation,
    })
    .describe('Intent: the model is about to be called.'),
  'model.answered': z
    .strictObject({
      call,
      attempt,
      purpose,
      content,
      tool_calls: z.array(requestedCall),
      usage: usage.nullable().describe('`null`: the server reported none, so the reservation counts as spent.'),
      charge,
      finish_reason: z.string(),
      model: z.string().describe('The model that really answered.'),
    })
    .describe('The model answered. Either its words end the turn, or it asks for tools.'),
  'answer.rejected': z
    .strictObject({ problem: message })
    .describe('The final answer did not fit the output schema; the model is told why and answers once more.'),
  'model.interrupted': z
    .strictObject({
      call,
      attempt,
      content,
      why: z.enum(['message', 'cancel', 'deadline']),
      charge,
    })
    .describe('The call was aborted; what the model had said by then is kept.'),
  'model.failed': z
    .strictObject({
      call,
      attempt,
      class: z.enum(['not-sent', 'rate-limited', 'transient', 'permanent', 'lost']),
      message,
      charge: charge.nullable().describe('`null`: it was not sent, or refused for the rate, and cost nothing.'),
    })
    .describe('The model gave no answer.'),

  // tool
  'tool.called': z
    .strictObject({
      call,
      attempt,
      name: z.string(),
      effect,
      key: z.string().describe('The idempotency key handed to the tool; the same for all attempts.'),
      arguments_hash: digest,
      timeout_ms: z.int().positive(),
      reservation,
    })
    .describe('Intent: the tool is about to be called. From here on its effect may have happened.'),
  'tool.returned': z
    .strictObject({
      call,
      attempt,
      content,
      is_error: z.boolean(),
      artifacts: z.array(artifactPart).optional().describe('Files that the call added to the run.'),
    })
    .describe('The tool answered. An error is an answer too.'),
  'tool.failed': z
    .strictObject({
      call,
      attempt,
      class: z.enum(['not-sent', 'no-answer', 'lost', 'aborted']),
      message,
    })
    .describe('The call ended without an answer, and its effect allows another attempt.'),
  'tool.unknown': z
    .strictObject({
      call,
      attempt,
      why: message,
      retry_from: time.describe(
        'Before this time (ms since 1970) the lost call may still be under way, so `retry` is refused.',
      ),
    })
    .describe('Nobody knows whether the effect happened. A person decides.'),
  'tool.resolved': z
    .strictObject({
      call,
      how: z.enum(['done', 'retry', 'fail', 'late-result']),
      by: actor,
      content: content.optional(),
      is_error: z.boolean().optional(),
      /** Files that a late result added to the run. */
      artifacts: z.array(artifactPart).optional(),
      note: z.string().optional(),
    })
    .describe('What became of an unknown effect, or of a call that had used up its attempts, was decided.'),
  'tool.late_result': z
    .strictObject({ call, attempt, content, is_error: z.boolean(), artifacts: z.array(artifactPart).optional() })
    .describe('An answer came after the call was settled otherwise. It is kept as evidence.'),
  'tool.changed': z
    .strictObject({ call, attempt, expected: digest, found: digest.nullable() })
    .describe('The tool is no longer the one that was published, so it was not called.'),
  'tool.not_run': z
    .strictObject({
      call,
      why: z.enum([
        'denied',
        'user-spoke',
        'unknown-tool',
        'invalid-arguments',
        'stopped',
        'unknown-agent',
        'too-deep',
        'too-many-runs',
      ]),
      message,
    })
    .describe('The call was not made; the model is told why.'),

  // children
  'child.started': z
    .strictObject({
      call,
      run: z.uuid().describe('The child, created with this event.'),
      agent: z.string(),
      version: z.int().positive(),
      version_id: z.uuid(),
      limits: limits.describe('Of the child, kept free in this run until the child has ended.'),
      depth: z.int().positive(),
      descendants: z.int().nonnegative().describe('How many runs the child and those below it may start.'),
    })
    .describe('A run of another agent was started. No worker holds this run while it waits for the end of that one.'),
  'child.ended': z
    .strictObject({
      call,
      run: z.uuid(),
      status: z.enum(['succeeded', 'failed', 'cancelled']),
      output: content.nullable().describe('`null` unless it succeeded.'),
      error: z.strictObject({ code: z.string(), detail: message }).nullable().describe('`null` unless it failed.'),
      unresolved: z.int().nonnegative().describe('How many of its effects nobody knows of.'),
      usage: z.strictObject({
        steps: z.int().nonnegative(),
        tokens: z.int().nonnegative(),
        cost_usd_micros: z.int().nonnegative(),
        active_ms: z.int().nonnegative(),
        descendants: z.int().nonnegative(),
      }),
    })
    .describe('The child has ended; what it used counts here, too.'),

  // wait
  'wait.began': z
    .strictObject({ call, for: z.literal('timer'), until: time })
    .describe('The run waits, and no worker holds it.'),
  'wait.ended': z.strictObject({ call, by: z.enum(['timer', 'message']) }).describe('The wait is over.'),

  // people
  'message.received': z
    .strictObject({ id: z.uuid(), mode: messageMode, content, by: actor })
    .describe('Somebody spoke to the run.'),
  'message.delivered': z
    .strictObject({ ids: z.array(z.uuid()) })
    .describe('The messages are part of what the model is shown from here on.'),
  'approval.asked': z
    .strictObject({
      call,
      hash: digest.describe('Covers tool server, tool, schema hash and the canonical (RFC 8785) arguments.'),
      role: role.nullable().describe('Whoever has it may decide; `null`: only those who are named.'),
      members: z.array(z.uuid()).optional().describe('Members who may decide.'),
      keys: z.array(z.uuid()).optional().describe('API keys that may decide.'),
      count: z.int().positive().optional().describe('So many people must agree; left out: one.'),
      four_eyes: z
        .boolean()
        .optional()
        .describe('Neither who started the run nor who wrote the arguments may approve.'),
      why: z.enum(['rule', 'condition', 'condition-not-evaluable', 'changed']),
      expires_at: time.nullable(),
    })
    .describe('The call waits for a person to agree to exactly these arguments.'),
  'approval.given': z
    .strictObject({ call, hash: digest, by: actor, reason: z.string().optional() })
    .describe('Somebody has agreed, and more people must: the question stays open.'),
  'approval.decided': z
    .strictObject({
      call,
      hash: digest,
      decision: z.enum(['approved', 'denied']),
      by: actor,
      reason: z.string().optional(),
    })
    .describe('The call was approved or denied.'),
  'approval.changed': z
    .strictObject({
      call,
      hash: digest.describe('Of the question that was open.'),
      arguments: jsonObject,
      by: actor,
      reason: z.string().optional(),
    })
    .describe('Somebody wrote other arguments for the call: its question is denied, and a new one is asked.'),
  'question.asked': z
    .strictObject({ call, question: z.string(), schema: jsonObject })
    .describe('The run waits for an answer of a person.'),
  'question.answered': z.strictObject({ call, answer: json, by: actor }).describe('The question was answered.'),
  'duplicate.found': z
    .strictObject({ call, key: z.string().describe('Of the call of the source.') })
    .describe('The source of this fork has made the same `once` call. A person decides whether it is made again.'),
  'duplicate.decided': z
    .strictObject({
      call,
      decision: z.enum(['reuse', 'call', 'skip']),
      by: actor,
      content: content.optional(),
      is_error: z.boolean().optional(),
      artifacts: z.array(artifactPart).optional().describe('Files of the reused result.'),
      note: z.string().optional(),
    })
    .describe("The call takes the source's result, is made, or is left out."),

  // context
  'context.compacted': z
    .strictObject({
      rule: z.enum(['last-turns', 'summary']),
      kept_from: keptFrom.describe(
        'Messages of events before this number are no longer shown to the model, but for the first input.',
      ),
      dropped_bytes: z.int().nonnegative(),
      summary: content.optional().describe('Shown to the model in place of what was dropped.'),
    })
    .describe('The transcript was cut so that it fits the context of the model.'),

  // budget
  'limit.reached': z
    .strictObject({
      limit: z.enum([...raisableLimit.options, 'deadline_ms']),
      limit_value: z.int(),
      spent: z.int(),
      needed: z.int().describe('What the next call would have needed.'),
    })
    .describe('The next call would break a limit. At the deadline the run ends, at any other it waits for a person.'),
  'limit.raised': z
    .strictObject({ limit: raisableLimit, to: z.int().positive(), by: actor })
    .describe('A person raised the limit.'),
  'budget.applied': z
    .strictObject({})
    .describe('A budget of the tenant or the agent counts for this run: its calls need an allowance from here on.'),
  'budget.lifted': z.strictObject({}).describe('No budget counts for this run any more.'),
  'allowance.taken': z
    .strictObject({
      tokens: z.int().nonnegative(),
      cost_usd_micros: z.int().nonnegative(),
      windows: z.array(budgetWindow).describe('The same amounts were taken from each.'),
      until: time.nullable().describe('The first of the windows ends; what is left then is returned.'),
    })
    .describe('The run holds this much of its budgets, for its next few calls.'),
  'allowance.returned': z
    .strictObject({
      tokens: z.int().nonnegative().describe('As taken.'),
      cost_usd_micros: z.int().nonnegative(),
      spent_tokens: z.int().nonnegative().describe('May be more than was taken: the model used more than its bound.'),
      spent_cost_usd_micros: z.int().nonnegative(),
      windows: z.array(budgetWindow),
    })
    .describe('What the run spent of its allowance counts in the budgets; the rest is free again.'),
  'budget.noticed': z
    .strictObject({
      window: budgetWindow,
      percent: z.int().positive(),
      limit: z.enum(['tokens', 'cost_usd_micros']),
      limit_value: z.int(),
      used: z.int().describe('Spent, and held by runs, with what this run takes.'),
    })
    .describe('The budget has passed its soft threshold. Said once a window, by the run that passed it.'),
  'budget.reached': z
    .strictObject({
      window: budgetWindow,
      why: z.enum(['short', 'unpriced']).describe('`unpriced`: the budget counts money, and the model has no price.'),
      limit: z.enum(['tokens', 'cost_usd_micros']),
      limit_value: z.int(),
      used: z.int().describe('Spent, and held by runs.'),
      needed: z.int(),
    })
    .describe(
      'The next call has no room in the budget. The run waits until it is raised or freed, or the next window.',
    ),

  // retry
  'attempt.scheduled': z
    .strictObject({
      call,
      attempt,
      at: time.describe('Not before this time, ms since 1970.'),
      reason: message,
      burns: z
        .boolean()
        .describe(
          "Whether it uses up an attempt: a 429 with Retry-After does not; a person's retry starts the count anew.",
        ),
      by: actor.optional(),
    })
    .describe('The call will be tried again.'),
} as const;
