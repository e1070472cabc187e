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
  'bulk.start': { operation: 'cancel', filter: { tag: 'asker' } },
  'bulk.cancel': {},
  // At a time that no test lives to see.
  'schedules.create': { name: 'another', agent: 'asker', cron: '0 0 29 2 *' },
  'schedules.update': { name: 'asker', agent: 'asker', cron: '0 0 29 2 *' },
  'schedules.pause': {},
  'schedules.resume': {},
  'schedules.trigger': {},
  'threads.create': {},
  'retention.set': { days: 3_650 },
  'audit.verify': {},
  'audit.set-retention': { days: 3_650 },
  'tools.put': {
    type: 'request',
    description: 'x',
    method: 'GET',
    url: 'https://x.test/',
    input_schema: { type: 'object' },
  },
  'attention.decide': { decision: 'answer', answer: 'x' },
  'secrets.set': { value: 'value' },
  // As good as none.
  'budgets.set': { period: 'day', tokens: 1_000_000_000_000 },
  'webhooks.create': { url: 'https://receiver.test/' },
  'webhooks.update': { url: 'https://receiver.test/' },
  'webhooks.enable': {},
  'webhooks.disable': {},
  'webhooks.rotate': {},
  'webhooks.test': {},
  'webhooks.replay': { since: '2026-01-01T00:00:00Z' },
  'webhooks.replay-delivery': {},
  'members.update': { roles: ['viewer'] },
  'api-keys.create': { name: 'another', roles: ['viewer'] },
  'api-keys.rotate': {},
};

/** The query that an operation cannot do without. */
export const goodQueries: Readonly<Record<string, string>> = { 'schedules.preview': '?cron=0%209%20*%20*%20*' };
