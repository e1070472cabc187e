import type { AgentSpecInput } from '@holdfast/contracts';

const limits = { steps: 1_000_000, tokens: 1_000_000_000 };

/** Never ends by itself: each turn is a model call, which takes no time, and a tool call of `from` to `to` ms. */
export const paced = (from: number, to: number): AgentSpecInput => ({
  name: 'paced',
  model: { name: 'rehearsal' },
  tools: [{ mcp: 'bench', allow: ['pause'], effect: 'idempotent' }],
  limits,
  rehearsal: [{ calls: [{ tool: 'pause', args: { from, to } }], repeat: 1_000_000 }],
});

/** The same, once a person has answered its question. */
export const pacedWhenAsked = (from: number, to: number): AgentSpecInput => {
  const { tools = [], rehearsal = [], ...rest } = paced(from, to);
  const question = { calls: [{ tool: 'ask', args: { question: 'Go?' } }] };
  return {
    ...rest,
    name: 'paced-when-asked',
    tools: [...tools, { builtin: 'ask' }],
    rehearsal: [question, ...rehearsal],
  };
};

/** Ends after so many such turns. */
export const brief = (turns: number, from: number, to: number): AgentSpecInput => ({
  ...paced(from, to),
  name: 'brief',
  rehearsal: [{ calls: [{ tool: 'pause', args: { from, to } }], repeat: turns }, { say: 'done' }],
});

/** Waits for so long. */
export const sleeper = (seconds: number): AgentSpecInput => ({
  name: 'sleeper',
  model: { name: 'rehearsal' },
  tools: [{ builtin: 'wait' }],
  limits,
  rehearsal: [{ calls: [{ tool: 'wait', args: { seconds } }] }, { say: 'awake' }],
});

/** One model call and no tool. */
export const greeter: AgentSpecInput = {
  name: 'greeter',
  model: { name: 'rehearsal' },
  limits,
  rehearsal: [{ say: 'hello' }],
};
