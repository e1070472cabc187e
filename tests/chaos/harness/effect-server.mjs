// A tool server whose effects are counted elsewhere: each call posts its key to the counter, a separate process, and
// answers only when the counter has synced it to its file.
//   node effect-server.mjs <counter url>
import { existsSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , counter] = process.argv;
const inputSchema = {
  type: 'object',
  properties: {
    note: { type: 'string' },
    // Takes this long, ms.
    ms: { type: 'number' },
    // Answers only when this file exists: a test decides when. Another beside it then says that it has answered.
    until: { type: 'string' },
  },
};
const tools = ['pay', 'note', 'look', 'nothing'].map((name) => ({
  name,
  description: `Counts a ${name}.`,
  inputSchema,
}));
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function call({ name, arguments: args = {}, _meta = {} }) {
  if (name === 'nothing') return 'nothing';
  const effect = { tool: name, key: _meta['holdfast/idempotency-key'], attempt: _meta['holdfast/attempt'] };
  if (args.ms) await pause(args.ms);
  const reply = await fetch(counter, { method: 'POST', body: JSON.stringify(effect) });
  if (!reply.ok) throw new Error(`the counter answered ${reply.status}`);
  while (args.until && !existsSync(args.until)) await pause(5);
  if (args.until) writeFileSync(`${args.until}.${effect.key}.answered`, '');
  return `${name} counted`;
}

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'effects', version: '1' },
  }),
  'tools/list': () => ({ tools }),
  'tools/call': async (params) => ({ content: [{ type: 'text', text: await call(params) }] }),
  ping: () => ({}),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined) continue;
  Promise.resolve(answers[method]?.(params) ?? {}).then(
    (result) => send({ id, result }),
    (error) => send({ id, error: { code: -32000, message: String(error) } }),
  );
}
process.exit(0);
