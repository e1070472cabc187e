import { z } from 'zod';
import { role } from '../actor.ts';
import { effect } from '../event/event-parts.ts';
import { json, jsonObject } from '../json.ts';
import { duration } from './duration.ts';
import { retries } from './retries.ts';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be lower-case letters, digits and dashes, beginning with a letter' });

const approvers = z
  .array(z.uuid().transform((id) => id.toLowerCase()))
  .nonempty()
  .max(50);

/** People must agree before the call. `when` is a CEL condition over `args`; without it, always. */
export const approvalRule = z.strictObject({
  when: z.string().max(2_000).optional(),
  by: z
    .strictObject({
      role: role.optional().describe('Whoever has it. `operator` when nobody is named either.'),
      members: approvers.optional().describe('These members, by id, whatever their roles; admins not beside them.'),
      keys: approvers.optional().describe('These API keys, by id.'),
      count: z.int().min(1).max(20).default(1).describe('So many different people must agree.'),
    })
    .default({ count: 1 }),
  four_eyes: z
    .boolean()
    .optional()
    .describe('Whoever started the run at the top, and whoever wrote the arguments, may not approve.'),
  expires: duration.optional(),
  then: z.literal('deny').default('deny'),
});
export type ApprovalRule = z.infer<typeof approvalRule>;

const toolPolicy = {
  effect: effect.optional(),
  approval: approvalRule.optional(),
  /** Overrides of the version's policy for this tool. */
  timeout: duration.optional(),
  attempts: z.int().min(1).max(100).optional(),
};

export const mcpTool = z.strictObject({
  mcp: name,
  /** Tools of the server that the agent may call; all when left out. */
  allow: z.array(z.string()).nonempty().optional(),
  ...toolPolicy,
});

/** A described request (`name`), or operations of a registered OpenAPI document: `name.operation`, or `name` with `allow`. */
export const httpTool = z
  .strictObject({
    http: z
      .string()
      .max(200)
      .regex(/^[a-z][a-z0-9-]{0,62}(\.[\w.-]{1,120})?$/, {
        error: 'must be the name of a registered tool, or <name>.<operation>',
      }),
    /** Operations that the agent may call; all when left out. */
    allow: z.array(z.string()).nonempty().optional(),
    ...toolPolicy,
  })
  .refine((tool) => tool.allow === undefined || !tool.http.includes('.'), {
    error: 'give <name>.<operation> or allow, not both',
    path: ['allow'],
  });

/** A child run of another agent, pinned when its parent is created: to `version`, to `alias`, or to the latest. */
export const childAgentTool = z
  .strictObject({
    agent: name,
    version: z.int().min(1).max(2_147_483_647).optional(),
    alias: name.optional(),
    approval: approvalRule.optional(),
  })
  .refine((tool) => tool.version === undefined || tool.alias === undefined, {
    error: 'give version or alias, not both',
    path: ['alias'],
  });

export const builtinName = z.enum(['wait', 'ask', 'artifacts.read', 'artifacts.write', 'http.fetch']);
export type BuiltinName = z.infer<typeof builtinName>;

export const builtinTool = z.strictObject({ builtin: builtinName, approval: approvalRule.optional() });

/** One step of the plan that the rehearsal model follows; see `docs/guides/rehearsal.md`. */
export const rehearsalStep = z.strictObject({
  say: z.string().optional(),
  calls: z
    .array(
      z.strictObject({
        tool: z.string(),
        args: jsonObject.default({}),
        /** One call for each file of the newest directory listing, `{{file}}` being its name. */
        each: z.literal('file').optional(),
        first: z.int().positive().max(100).optional(),
      }),
    )
    .default([]),
  /** The step is taken this many times. */
  repeat: z.int().positive().max(1_000_000).default(1),
  /** The model "thinks" this long. */
  delay: duration.optional(),
});
export type RehearsalStep = z.infer<typeof rehearsalStep>;

/**
 * An agent version as data (YAML or JSON), so that it can be reviewed, compared, pinned and signed.
 * Times become ms, `cost_usd` stays in dollars here and becomes micro-dollars at publish.
 */
const spec = z.strictObject({
  name,
  /** For people, and for the model of a parent that may call this agent. */
  description: z.string().max(1_000).default(''),
  model: z
    .strictObject({
      name: z.string().max(200).default('default'),
      /** Asked in turn when an attempt failed in a way that another model may not. */
      fallbacks: z.array(z.string().max(200)).max(5).default([]),
      temperature: z.number().min(0).max(2).optional(),
      max_output_tokens: z.int().positive().max(1_000_000).default(2_000),
    })
    .prefault({}),
  instructions: z.string().max(64_000).default(''),
  tools: z
    .array(z.union([mcpTool, httpTool, childAgentTool, builtinTool]))
    .max(100)
    .default([]),
  limits: z
    .strictObject({
      steps: z.int().positive().default(200),
      tokens: z.int().positive().default(200_000),
      cost_usd: z.number().positive().max(1_000_000).optional(),
      active_time: duration.default(3_600_000),
      deadline: duration.default(7 * 86_400_000),
    })
    .prefault({}),
  retries: retries.prefault({}),
  context: z
    .strictObject({
      max_tokens: z.int().min(100).default(60_000),
      keep: z.literal('last-turns').default('last-turns'),
      then: z.enum(['drop', 'summarise']).default('drop'),
    })
    .prefault({}),
  /** The final answer must fit this JSON Schema; a misfit is told to the model once. */
  output: z.strictObject({ schema: jsonObject }).optional(),
  /** Runs of this agent at once, in this tenant. */
  concurrency: z.int().positive().max(1_000_000).optional(),
  rehearsal: z.array(rehearsalStep).optional(),
  metadata: z.record(z.string(), json).optional(),
});
export const agentSpec = spec.meta({ id: 'AgentSpec' });
export type AgentSpec = z.infer<typeof agentSpec>;
export type AgentSpecInput = z.input<typeof agentSpec>;
