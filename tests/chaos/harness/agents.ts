type Call = { tool: string; args?: Record<string, unknown> };

/**
 * An agent of the tests: each step of its plan asks for these calls; then it answers. Its timeouts include the start of the
 * tool server, which takes seconds on a busy machine, and a `once` call that runs out of its time is unknown.
 */
export const agent = (name: string, steps: readonly Call[][], over: object = {}): object => ({
  name,
  instructions: 'Test.',
  tools: [
    { mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '60s' },
    { mcp: 'effects', allow: ['note'], effect: 'idempotent', timeout: '60s' },
    { mcp: 'effects', allow: ['look'], effect: 'read', timeout: '60s' },
    { builtin: 'wait' },
    { builtin: 'ask' },
  ],
  retries: { attempts: 5, first: '100ms', max: '1s', timeout: '30s' },
  limits: { steps: 10_000, tokens: 100_000_000 },
  rehearsal: [...steps.map((calls) => ({ calls })), { say: 'All done.' }],
  ...over,
});
