/** A body that fits, for each operation that takes one. */
export const goodBodies: Readonly<Record<string, unknown>> = {
  'agents.publish': { name: 'another' },
  'agents.set-alias': { version: 1 },
  'runs.start': { agent: 'asker' },
  'runs.send-message': { content: 'hello' },
  'runs.pause': {},
  'runs.resume': {},
  'runs.cancel': {},
  'runs.fork': { at: 1 },
  'runs.rerun': {},
  'threads.create': {},
  'tools.put': {
    type: 'request',
    description: 'x',
    method: 'GET',
    url: 'https://x.test/',
    input_schema: { type: 'object' },
  },
  'attention.decide': { decision: 'answer', answer: 'x' },
  'secrets.set': { value: 'value' },
  'api-keys.create': { name: 'another', roles: ['viewer'] },
  'api-keys.rotate': {},
};
