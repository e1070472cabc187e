type Call = { tool: string; args?: Record<string, unknown> };

/** An agent of the tests: each step of its plan asks for these calls; then it answers. */
export const agent = (name: string, steps: readonly Call[][], over: object = {}): object => ({
  name,
  instructions: 'Test.',
  tools: [
    { mcp: 'effects', allow: ['pay'], effect: 'once', timeout: '3s' },
    { mcp: 'effects', allow: ['note'], effect: 'idempotent', timeout: '3s' },
    { mcp: 'effects', allow: ['look'], effect: 'read', timeout: '3s' },
    { builtin: 'wait' },
    { builtin: 'ask' },
  ],
  retries: { attempts: 5, first: '100ms', max: '1s', timeout: '30s' },
  limits: { steps: 10_000, tokens: 100_000_000 },
  rehearsal: [...steps.map((calls) => ({ calls })), { say: 'All done.' }],
  ...over,
});
