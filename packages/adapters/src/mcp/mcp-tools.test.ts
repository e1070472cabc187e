import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject, PublishedTool } from '@holdfast/contracts';
import { toolHash, type ToolOutcome, type ToolRequest, ToolServerUnavailable } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { McpTools } from './mcp-tools.ts';
import { transportTimeout } from './tool-session.ts';
import type { ToolServerCommand } from './tool-servers-file.ts';

const recordingServer = fileURLToPath(new URL('recording-server.mjs', import.meta.url));
const environment = { HOME: '/nowhere', PATH: process.env['PATH'] ?? '', SHELL: '/bin/sh', TERM: 'dumb' };
const unaborted = new AbortController().signal;

let folder: string;
let record: string;
let tools: McpTools;
const logged: { fields: object; message: string }[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-mcp-')));
  record = join(folder, 'record.jsonl');
  logged.length = 0;
  tools = open({ rec: server([record]) });
});
afterEach(async () => {
  await tools.close();
  await rm(folder, { recursive: true, force: true });
});

const server = (args: string[], more: Partial<ToolServerCommand> = {}): ToolServerCommand => ({
  command: process.execPath,
  args: [recordingServer, ...args],
  env: {},
  cwd: null,
  ...more,
});

function open(servers: Record<string, ToolServerCommand>, startTimeoutMs = 20_000): McpTools {
  const write = (fields: object, message: string): void => {
    logged.push({ fields, message });
  };
  const log = { debug: write, info: write, warn: write };
  return new McpTools({ servers: new Map(Object.entries(servers)), environment, log: () => log, startTimeoutMs });
}

const recordedTool = (tool: string): PublishedTool => {
  const listed = { name: tool, description: `Does ${tool}.`, input_schema: { type: 'object' } };
  return published('rec', listed);
};

const published = (
  from: string,
  listed: { name: string; description: string; input_schema: JsonObject },
): PublishedTool => ({
  ...listed,
  name: `model_name_of_${listed.name}`,
  source: { type: 'mcp', server: from, tool: listed.name },
  hash: toolHash(listed),
  effect: 'once',
  approval: null,
  retries: { attempts: 5, first: 1, factor: 1, max: 1, timeout: 1_000 },
});

const request = (tool: PublishedTool, args: JsonObject = {}): ToolRequest => ({
  ref: { tenant: 'acme', run: 'r1' },
  tool,
  arguments: args,
  key: 'r1:4.0',
  attempt: 2,
  timeoutMs: 5_000,
  mayBegin: () => true,
  progressed: () => undefined,
});

const call = (tool: string, args: JsonObject = {}, signal = unaborted): Promise<ToolOutcome> =>
  tools.call(request(recordedTool(tool), args), signal);

/** What arrived at the recording server. */
const arrived = (method: string): { params: JsonObject }[] =>
  (existsSync(record) ? readFileSync(record, 'utf8') : '')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { method: string; params: JsonObject })
    .filter((line) => line.method === method);

const textOf = (outcome: ToolOutcome): string => {
  expect(outcome).toMatchObject({ type: 'answered', isError: false });
  const [part] = outcome.type === 'answered' ? outcome.content : [];
  return part?.type === 'text' ? part.text : '';
};

const about = async (): Promise<{ pid: number; cwd: string; env: Record<string, string> }> =>
  JSON.parse(textOf(await call('about')));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A killed child whose new parent has not yet collected it is dead, too.
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
};

describe('the real filesystem server', () => {
  const main = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json');

  it('is listed, reads a folder and answers a refused path as an error', async () => {
    await writeFile(join(folder, 'a.md'), '# A\n\nText of a.\n');
    await tools.close();
    tools = open({
      files: { command: process.execPath, args: [join(dirname(main), 'dist/index.js'), folder], env: {}, cwd: null },
    });
    expect(tools.names()).toEqual(['files']);
    const listed = new Map((await tools.list('files')).map((tool) => [tool.name, tool]));
    const use = (name: string, path: string): Promise<ToolOutcome> => {
      const tool = listed.get(name);
      if (tool === undefined) throw new Error(`${name} is not listed`);
      expect(tool.input_schema).toMatchObject({ type: 'object', properties: { path: { type: 'string' } } });
      return tools.call(request(published('files', tool), { path }), unaborted);
    };
    expect(textOf(await use('list_directory', folder))).toBe('[FILE] a.md');
    expect(textOf(await use('read_text_file', join(folder, 'a.md')))).toBe('# A\n\nText of a.\n');
    expect(await use('read_text_file', '/etc/passwd')).toMatchObject({ type: 'answered', isError: true });
  });
});

describe('a call', () => {
  it('hands over arguments, key and attempt under the server’s own name of the tool', async () => {
    expect(textOf(await call('echo', { text: 'hello' }))).toBe('hello');
    expect(arrived('tools/call').map(({ params }) => params)).toEqual([
      {
        name: 'echo',
        arguments: { text: 'hello' },
        _meta: {
          'holdfast/idempotency-key': 'r1:4.0',
          'holdfast/attempt': 2,
          progressToken: expect.anything() as unknown,
        },
      },
    ]);
  });

  it('is sent once when it is never answered, and ends with the signal', async () => {
    const stop = new AbortController();
    const outcome = call('never', {}, stop.signal);
    await expect.poll(() => arrived('tools/call')).toHaveLength(1);
    stop.abort();
    expect(await outcome).toEqual({ type: 'no-answer', message: 'aborted while it was under way' });
    // The server works in order: once it has answered this, nothing of the first call can still be on its way.
    await call('echo', { text: 'x' });
    expect(arrived('tools/call').map(({ params }) => params['name'])).toEqual(['never', 'echo']);
  });

  it('gives way to the executor’s clock: the SDK gives up only beyond twice the time-out', () => {
    for (const ms of [1, 60_000, 120_000, 86_400_000]) expect(transportTimeout(ms)).toBeGreaterThan(2 * ms);
    expect(transportTimeout(30 * 86_400_000)).toBe(2 ** 31 - 1);
  });

  it('that was answered is not cancelled when its signal aborts later', async () => {
    const stop = new AbortController();
    await call('echo', { text: 'x' }, stop.signal);
    stop.abort();
    await call('echo', { text: 'y' });
    expect(arrived('notifications/cancelled')).toEqual([]);
  });

  it('is not disturbed by the late answer to an aborted one', async () => {
    const stop = new AbortController();
    const file = join(folder, 'go');
    const first = call('when', { file }, stop.signal);
    await expect.poll(() => arrived('tools/call')).toHaveLength(1);
    stop.abort();
    expect((await first).type).toBe('no-answer');
    const second = call('when', { file });
    writeFileSync(file, '');
    expect(textOf(await second)).toBe('late');
  });

  it('sends nothing when the worker may not begin the call any more', async () => {
    const before = arrived('tools/call').length;
    const late = { ...request(recordedTool('echo'), { text: 'x' }), mayBegin: () => false };
    expect(await tools.call(late, unaborted)).toMatchObject({ type: 'not-sent' });
    expect(arrived('tools/call').length).toBe(before);
  });

  it('is not sent when its signal has aborted already', async () => {
    expect(await call('echo', { text: 'x' }, AbortSignal.abort())).toMatchObject({ type: 'not-sent' });
    await call('echo', { text: 'y' });
    expect(arrived('tools/call')).toHaveLength(1);
  });

  it('has no answer when the server dies under it; the next one finds it started again', async () => {
    const before = await about();
    expect(await call('die')).toMatchObject({ type: 'no-answer' });
    await expect.poll(async () => (await about()).pid).not.toBe(before.pid);
    expect(arrived('tools/call').filter(({ params }) => params['name'] === 'die')).toHaveLength(1);
  });

  it('takes an answer that the server wrote with its last breath', async () => {
    expect(textOf(await call('last-words'))).toBe('bye');
  });

  it.each(['broken', 'misshapen'])('has no answer when the reply is %s', async (tool) => {
    expect(await call(tool)).toMatchObject({ type: 'no-answer', message: expect.stringContaining('cannot be read') });
  });

  it('is answered by an error of the tool and by a refusal of the server', async () => {
    const text = (value: string): unknown => [{ type: 'text', text: value }];
    expect(await call('fail')).toEqual({ type: 'answered', isError: true, content: text('no such account') });
    expect(await call('refuse')).toMatchObject({
      type: 'answered',
      isError: true,
      content: [{ text: expect.stringContaining('amount must be a number') }],
    });
  });

  it('keeps texts, notes what it leaves out', async () => {
    const outcome = await call('rich');
    expect(outcome.type === 'answered' && outcome.content).toEqual(
      [
        'one',
        '[image left out: image/png, 3 bytes]',
        '[link to a resource: file:///a.txt]',
        'two',
        '[resource left out: file:///c.bin]',
      ].map((text) => ({ type: 'text', text })),
    );
    expect(textOf(await call('structured'))).toBe('{"sum":3}');
  });

  it('survives a server that prints to stdout; what it prints goes to the log', async () => {
    expect(textOf(await call('chatter'))).toBe('ok');
    await expect.poll(() => logged).toContainEqual(expect.objectContaining({ fields: { stdout: 'Server ready!' } }));
    await expect.poll(() => logged).toContainEqual(expect.objectContaining({ fields: { stderr: 'on stderr' } }));
  });
});

describe('a tool that is no longer the published one', () => {
  it('is not called: its description changed', async () => {
    expect(textOf(await call('echo', { text: 'x' }))).toBe('x');
    await call('redescribe');
    const found = toolHash({ name: 'echo', description: 'Deletes everything.', input_schema: { type: 'object' } });
    expect(await call('echo', { text: 'x' })).toEqual({ type: 'changed', found });
    expect(arrived('tools/call').filter(({ params }) => params['name'] === 'echo')).toHaveLength(1);
    expect((await tools.list('rec')).find(({ name }) => name === 'echo')?.description).toBe('Deletes everything.');
  });

  it('is not called: it is gone', async () => {
    await call('remove');
    expect(await call('echo', { text: 'x' })).toEqual({ type: 'changed', found: null });
  });

  it('is looked up once for many calls, and once for many notices', async () => {
    await Promise.all(Array.from({ length: 5 }, () => call('echo', { text: 'x' })));
    expect(arrived('tools/list')).toHaveLength(2); // pages
    await call('redescribe');
    await Promise.all(Array.from({ length: 5 }, () => call('fail')));
    expect(arrived('tools/list')).toHaveLength(4);
  });

  it('is looked up again after the server was restarted', async () => {
    await call('redescribe');
    expect((await call('echo', { text: 'x' })).type).toBe('changed');
    await call('die');
    await expect.poll(async () => textOf(await call('echo', { text: 'new life' }))).toBe('new life');
  });
});

describe('a server', () => {
  it('is started once for calls at the same time', async () => {
    const pids = (await Promise.all([about(), about(), about()])).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(1);
    expect(arrived('initialize')).toHaveLength(1);
  });

  it('inherits four variables and what its entry names, nothing else', async () => {
    process.env['PLANTED_SECRET'] = 'hunter2';
    try {
      await tools.close();
      tools = open({ rec: server([record], { env: { GREETING: 'hi' }, cwd: folder }) });
      const { env, cwd } = await about();
      // macOS adds __CF_USER_TEXT_ENCODING to every process.
      delete env['__CF_USER_TEXT_ENCODING'];
      expect(env).toEqual({ ...environment, GREETING: 'hi' });
      expect(cwd).toBe(folder);
    } finally {
      delete process.env['PLANTED_SECRET'];
    }
  });

  it('takes what it started with it when it is closed', async () => {
    const [own, grandchild] = [(await about()).pid, Number(textOf(await call('spawn')))];
    expect([isAlive(own), isAlive(grandchild)]).toEqual([true, true]);
    await tools.close();
    await expect.poll(() => [isAlive(own), isAlive(grandchild)]).toEqual([false, false]);
  });

  it('takes what it started with it when it dies', async () => {
    const grandchild = Number(textOf(await call('spawn')));
    expect(isAlive(grandchild)).toBe(true);
    await call('die');
    await expect.poll(() => isAlive(grandchild)).toBe(false);
  });

  it('that does not listen is killed', async () => {
    const { pid } = await about();
    await call('deaf');
    await tools.close();
    expect(isAlive(pid)).toBe(false);
  });

  it('ends its calls without an answer when it is closed, and takes no more', async () => {
    const outcome = call('never');
    await expect.poll(() => arrived('tools/call')).toHaveLength(1);
    await tools.close();
    expect(await outcome).toMatchObject({ type: 'no-answer' });
    expect(await call('echo', { text: 'x' })).toMatchObject({ type: 'not-sent' });
    expect(arrived('initialize')).toHaveLength(1);
  });
});

describe('a server that does not start', () => {
  const echo = recordedTool('echo');
  const cases: [string, () => ToolServerCommand][] = [
    ['has no program', () => server([], { command: join(folder, 'missing') })],
    ['ends at once', () => server([record, 'exit'])],
    ['never answers', () => server([record, 'mute'])],
  ];

  it.each(cases)('%s: nothing is sent, nothing can be listed', async (_, command) => {
    await tools.close();
    tools = open({ rec: command() }, 500);
    expect(await tools.call(request(echo, { text: 'x' }), unaborted)).toMatchObject({
      type: 'not-sent',
      message: expect.stringContaining('tool server rec'),
    });
    await expect(tools.list('rec')).rejects.toThrow(ToolServerUnavailable);
    expect(arrived('tools/call')).toEqual([]);
  });

  it('is tried again at the next call', async () => {
    await tools.close();
    tools = open({ rec: server([record, 'exit-once']) });
    expect((await call('echo', { text: 'x' })).type).toBe('not-sent');
    expect(textOf(await call('echo', { text: 'x' }))).toBe('x');
  });

  it('lets go of a call that is aborted while it starts', async () => {
    await tools.close();
    tools = open({ rec: server([record, 'mute']) });
    const stop = new AbortController();
    const outcome = call('echo', { text: 'x' }, stop.signal);
    await expect.poll(() => arrived('initialize')).toHaveLength(1);
    stop.abort();
    expect(await outcome).toMatchObject({ type: 'not-sent' });
  });

  it('is not known', async () => {
    await expect(tools.list('other')).rejects.toThrow(ToolServerUnavailable);
    const other = { ...echo, source: { type: 'mcp', server: 'other', tool: 'echo' } } as const;
    expect((await tools.call(request(other), unaborted)).type).toBe('not-sent');
    const builtin = { ...echo, source: { type: 'builtin', name: 'wait' } } as const;
    expect((await tools.call(request(builtin), unaborted)).type).toBe('not-sent');
  });
});
