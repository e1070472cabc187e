import type { AgentVersion, Limits, PinnedAgents, PublishedTool } from '@holdfast/contracts';

export const retries = { attempts: 3, first: 1_000, factor: 2, max: 60_000, timeout: 10_000 };

export const tool = (name: string, over: Partial<PublishedTool> = {}): PublishedTool => ({
  name,
  source: { type: 'mcp', server: 'files', tool: name },
  description: name,
  input_schema: { type: 'object' },
  hash: '0'.repeat(64),
  effect: 'once',
  approval: null,
  retries,
  ...over,
});

/** An agent as a tool; runs that may call it have `pins` of it. */
export const agentTool = (name: string, over: Partial<PublishedTool> = {}): PublishedTool =>
  tool(name, {
    source: { type: 'agent', agent: name, version: null, alias: null },
    effect: 'idempotent',
    input_schema: { type: 'object', required: ['input'] },
    ...over,
  });

/** A pinned version for each agent among the tools, with these limits. */
export const pins = ({ tools }: AgentVersion, of: Limits = limits): PinnedAgents =>
  Object.fromEntries(
    tools.flatMap(({ name, source }) =>
      source.type === 'agent'
        ? [[name, { version: 1, version_id: '018f0000-0000-7000-8000-000000000002', limits: of }]]
        : [],
    ),
  );

export const builtin = (name: 'wait' | 'ask'): PublishedTool =>
  tool(name, { source: { type: 'builtin', name }, effect: 'read' });

export const limits: Limits = {
  steps: 100,
  tokens: 1_000_000,
  cost_usd_micros: 10_000_000,
  active_ms: 3_600_000,
  deadline_ms: 7 * 86_400_000,
};

/** One tool of each kind that the rules tell apart. */
export const version = (over: Partial<AgentVersion> = {}): AgentVersion => ({
  id: '018f0000-0000-7000-8000-000000000001',
  agent: 'tester',
  number: 1,
  description: '',
  instructions: 'Test.',
  model: {
    name: 'rehearsal',
    temperature: null,
    max_output_tokens: 100,
    prices: { input_per_mtok: 1_000_000, output_per_mtok: 4_000_000 },
    fallbacks: [],
  },
  tools: [
    tool('once'),
    tool('read', { effect: 'read' }),
    tool('same', { effect: 'idempotent' }),
    tool('guarded', {
      approval: { when: 'args.amount > 10', by: { role: 'operator', count: 1 }, expires: 60_000, then: 'deny' },
    }),
    builtin('wait'),
    builtin('ask'),
    agentTool('helper'),
  ],
  limits,
  retries,
  context: { max_tokens: 5_000, keep: 'last-turns', then: 'drop' },
  output: null,
  concurrency: null,
  rehearsal: null,
  ...over,
});
