import { describe, expect, it } from 'vitest';
import { type ListedTool, type NamedToolServer, ToolServerUnavailable } from '../executor/tools.ts';
import { tool, version } from '../run/testing/versions.ts';
import { listToolServer, type ListingPorts } from './list-tool-server.ts';

const listed = (name: string): ListedTool => ({ name, description: '', input_schema: { type: 'object' } });
const named: readonly NamedToolServer[] = [
  { name: 'files', type: 'stdio' },
  { name: 'crm', type: 'mcp' },
  { name: 'mail', type: 'request' },
];

/** `now`: what the server offers; null = it does not answer. */
function ports({
  now = null,
  registered = null,
  published = [],
}: {
  now?: readonly ListedTool[] | null;
  registered?: readonly ListedTool[] | null;
  published?: readonly string[];
}): ListingPorts {
  const tools = published.map((name) =>
    tool(name, {
      description: '',
      input_schema: { type: 'object' },
      source: { type: 'mcp', server: 'crm', tool: name },
    }),
  );
  return {
    tools: {
      names: () => Promise.resolve(named),
      list: () => (now === null ? Promise.reject(new ToolServerUnavailable('no route')) : Promise.resolve(now)),
      lastListing: () => Promise.resolve(registered),
    },
    agents: {
      get: (_, name) => Promise.resolve({ name, latest: 4, description: '', aliases: {}, createdAt: 0 }),
      version: (_, __, number) =>
        Promise.resolve(number === 4 ? { version: version({ tools }), spec: {}, createdAt: 0 } : null),
    },
  };
}

const list = (from: Parameters<typeof ports>[0], wanted: Partial<Parameters<typeof listToolServer>[3]> = {}) =>
  listToolServer(ports(from), { tenant: 't' }, 'agent', {
    server: 'crm',
    type: 'mcp',
    path: '/tools/0/mcp',
    offline: false,
    ...wanted,
  });

describe('listing a tool server that an agent names', () => {
  it('asks the server, even when what it offered before would do', async () => {
    const from = { now: [listed('new')], registered: [listed('old')] };
    expect(await list(from, { offline: true })).toEqual([listed('new')]);
  });

  it('that does not answer is refused, with a way out', async () => {
    await expect(list({ registered: [listed('old')] })).rejects.toMatchObject({
      code: 'tool_server_unavailable',
      message: expect.stringContaining('?offline=true'),
    });
  });

  it('offline takes what it offered when it was registered', async () => {
    const from = { registered: [listed('registered')], published: ['published'] };
    expect(await list(from, { offline: true })).toEqual([listed('registered')]);
  });

  it('offline takes what the newest version has of it, when nothing else is known', async () => {
    expect(await list({ published: ['published'] }, { offline: true })).toEqual([listed('published')]);
    await expect(list({}, { offline: true })).rejects.toMatchObject({ code: 'tool_server_unavailable' });
  });

  it.each([
    ['unknown', 'mcp', 'files, crm'],
    ['unknown', 'http', 'mail'],
    ['mail', 'mcp', 'name it with http'],
    ['crm', 'http', 'name it with mcp'],
  ] as const)('refuses %s as %s', async (server, type, told) => {
    await expect(list({ now: [] }, { server, type })).rejects.toMatchObject({
      code: 'tool_server_unknown',
      message: expect.stringContaining(told),
    });
  });
});
