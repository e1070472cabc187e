// Our MCP client over HTTP, as the conformance tool wants it: given a server's URL it lists the tools and calls each.
//   mcp-client.ts <url>
import { HttpMcpTools } from '@holdfast/adapters/mcp';
import { OutboundClient } from '@holdfast/adapters/outbound';
import { toolHash } from '@holdfast/core';

const url = process.argv.at(-1) ?? '';
const { fetch } = new OutboundClient({ allow: ['localhost'] });
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const tools = new HttpMcpTools({ fetch, resolveSecrets: (_, text) => Promise.resolve(text), log });
const server = { name: 'conformance', version: 1, spec: { type: 'mcp', url, headers: {} } } as const;

const listed = await tools.list({ tenant: 't' }, server);
for (const tool of listed) {
  const outcome = await tools.call(
    {
      ref: { tenant: 't', run: 'r' },
      tool: {
        ...tool,
        source: { type: 'mcp', server: 'conformance', tool: tool.name },
        hash: toolHash(tool),
        effect: 'once',
        approval: null,
        retries: { attempts: 1, first: 1, factor: 1, max: 1, timeout: 10_000 },
      },
      arguments: tool.name === 'add_numbers' ? { a: 2, b: 3 } : {},
      key: `r:${tool.name}`,
      attempt: 1,
      timeoutMs: 10_000,
      mayBegin: () => true,
      progressed: () => undefined,
    },
    server,
    AbortSignal.timeout(10_000),
  );
  process.stdout.write(`${tool.name}: ${JSON.stringify(outcome)}\n`);
}
await tools.close();
