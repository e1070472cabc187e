import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { DefinedTool } from './define-tool.ts';

/** What Holdfast sends beside the arguments; another client sends neither. */
const meta = z.object({
  'holdfast/idempotency-key': z.string().optional(),
  'holdfast/attempt': z.number().optional(),
  progressToken: z.union([z.string(), z.number()]).optional(),
});

export interface CallsUnderWay {
  count: number;
}

/** The tools as an MCP server, connected to nothing yet. @throws Error when two have the same name. */
export function mcpServer(tools: readonly DefinedTool[], name: string, calls: CallsUnderWay = { count: 0 }): Server {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  if (byName.size < tools.length) throw new Error('Two tools have the same name.');
  const server = new Server({ name, version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(({ listed }) => listed) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification }) => {
    const tool = byName.get(params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${params.name}.`);
    const told = meta.parse(params._meta ?? {});
    const { progressToken } = told;
    calls.count += 1;
    try {
      const { text, isError } = await tool.call(params.arguments ?? {}, {
        // Without a key each call is one of its own.
        idempotencyKey: told['holdfast/idempotency-key'] ?? crypto.randomUUID(),
        attempt: told['holdfast/attempt'] ?? 1,
        signal,
        progress: async (progress) => {
          if (progressToken === undefined || signal.aborted) return;
          await sendNotification({ method: 'notifications/progress', params: { ...progress, progressToken } });
        },
      });
      return { content: [{ type: 'text', text }], isError };
    } finally {
      calls.count -= 1;
    }
  });
  return server;
}
