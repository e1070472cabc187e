import type { AgentVersion, Limits } from '@holdfast/contracts';
import fc from 'fast-check';
import { limits, version } from './versions.ts';

const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };

/** What the version of the agent may say, and when the run may be asked for and be claimed. */
export const kinds = fc.record({
  structured: fc.boolean(),
  summarises: fc.boolean(),
  fallbacks: fc.boolean(),
  approvers: fc.constantFrom(1, 1, 2),
  fourEyes: fc.boolean(),
  maxTokens: fc.constantFrom(1_500, 2_500, 5_000),
  startIn: fc.option(fc.nat(20_000), { freq: 4 }),
  expiresIn: fc.option(fc.integer({ min: 1, max: 20_000 }), { freq: 4 }),
  claimedAfter: fc.constantFrom(0, 0, 0, 10_000),
});
export type Kind = typeof kinds extends fc.Arbitrary<infer T> ? T : never;

export const versionOf = (
  { structured, summarises, fallbacks, approvers, fourEyes, maxTokens }: Kind,
  over: Partial<Limits> = {},
): AgentVersion =>
  version({
    tools: version().tools.map((tool) =>
      tool.approval === null
        ? tool
        : { ...tool, approval: { ...tool.approval, by: { role: 'operator', count: approvers }, four_eyes: fourEyes } },
    ),
    limits: { ...limits, ...over },
    output: structured ? { schema } : null,
    context: { max_tokens: maxTokens, keep: 'last-turns', then: summarises ? 'summarise' : 'drop' },
    model: {
      ...version().model,
      fallbacks: fallbacks ? [{ name: 'second', prices: { input_per_mtok: 1, output_per_mtok: 2 } }] : [],
    },
  });

export const tightLimits = fc.record({
  steps: fc.integer({ min: 1, max: 12 }),
  tokens: fc.integer({ min: 300, max: 60_000 }),
  cost_usd_micros: fc.option(fc.integer({ min: 500, max: 100_000 })),
  active_ms: fc.integer({ min: 10_000, max: 200_000 }),
});
