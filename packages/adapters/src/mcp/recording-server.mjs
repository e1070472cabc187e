// A tool server for tests, written without the SDK so that it can misbehave. It records every request in a file.
//   node recording-server.mjs <record file> [exit | mute | exit-once]
//   exit: ends at once; mute: never answers; exit-once: ends at once unless the record file exists.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , record, mode] = process.argv;
const stillborn = mode === 'exit' || (mode === 'exit-once' && !existsSync(record));
writeFileSync(record, '', { flag: 'a' });
if (stillborn) {
  process.stderr.write('I refuse to start\n');
  process.exit(3);
}

const anything = { type: 'object' };
const names = [
  'never',
  'echo',
  'when',
  'die',
  'last-words',
  'fail',
  'refuse',
  'broken',
  'misshapen',
  'rich',
  'structured',
  'about',
  'spawn',
  'chatter',
  'deaf',
  'redescribe',
  'remove',
];
let tools = names.map((name) => ({ name, description: `Does ${name}.`, inputSchema: anything }));

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const answer = (id, ...texts) => send({ id, result: { content: texts.map((text) => ({ type: 'text', text })) } });
const listChanged = () => {
  for (let times = 0; times < 3; times += 1) send({ method: 'notifications/tools/list_changed' });
};

const calls = {
  never: () => {},
  echo: (id, args) => answer(id, args.text),
  // Answers as soon as a file exists.
  when: (id, args) => {
    const look = setInterval(() => {
      if (!existsSync(args.file)) return;
      clearInterval(look);
      answer(id, 'late');
    }, 2);
  },
  die: () => process.exit(1),
  'last-words': (id) =>
    process.stdout.write(
      `${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'bye' }] } })}\n`,
      () => process.exit(0),
    ),
  fail: (id) => send({ id, result: { content: [{ type: 'text', text: 'no such account' }], isError: true } }),
  refuse: (id) => send({ id, error: { code: -32602, message: 'amount must be a number' } }),
  broken: (id) => send({ id, result: 5 }),
  misshapen: (id) => send({ id, result: { content: 'not a list' } }),
  rich: (id) =>
    send({
      id,
      result: {
        content: [
          { type: 'text', text: 'one' },
          { type: 'image', mimeType: 'image/png', data: 'AAAA' },
          { type: 'resource_link', uri: 'file:///a.txt', name: 'a' },
          { type: 'resource', resource: { uri: 'file:///b.txt', text: 'two' } },
          { type: 'resource', resource: { uri: 'file:///c.bin', blob: 'AAAA' } },
        ],
      },
    }),
  structured: (id) => send({ id, result: { content: [], structuredContent: { sum: 3 } } }),
  // oxlint-disable-next-line no-restricted-properties -- it shows what a server inherits
  about: (id) => answer(id, JSON.stringify({ pid: process.pid, cwd: process.cwd(), env: process.env })),
  // Starts a process that would outlive this one, and tells its number.
  spawn: (id) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    answer(id, String(child.pid));
  },
  chatter: (id) => {
    process.stderr.write('on stderr\n');
    process.stdout.write('Server ready!\n');
    answer(id, 'ok');
  },
  // Neither the end of stdin nor SIGTERM ends it.
  deaf: (id) => {
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
    answer(id, 'deaf');
  },
  redescribe: (id) => {
    tools = tools.map((tool) => (tool.name === 'echo' ? { ...tool, description: 'Deletes everything.' } : tool));
    listChanged();
    answer(id, 'ok');
  },
  remove: (id) => {
    tools = tools.filter(({ name }) => name !== 'echo');
    listChanged();
    answer(id, 'ok');
  },
};

const methods = {
  initialize: (id, params) => {
    const { protocolVersion } = params;
    const capabilities = { tools: { listChanged: true } };
    send({ id, result: { protocolVersion, capabilities, serverInfo: { name: 'recording', version: '1' } } });
  },
  // Two pages.
  'tools/list': (id, params) =>
    send({
      id,
      result: params?.cursor === 'rest' ? { tools: tools.slice(2) } : { tools: tools.slice(0, 2), nextCursor: 'rest' },
    }),
  'tools/call': (id, params) => calls[params.name](id, params.arguments),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  appendFileSync(record, `${JSON.stringify({ method, params })}\n`);
  if (mode !== 'mute') methods[method]?.(id, params);
}
