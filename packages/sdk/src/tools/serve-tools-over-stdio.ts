import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { DefinedTool } from './define-tool.ts';
import { mcpServer } from './mcp-server.ts';

/**
 * Serves the tools on standard input and output, for a file that TOOL_SERVERS_FILE names. Nothing else may write to
 * standard output; standard error goes to the log of Holdfast.
 */
export async function serveToolsOverStdio(tools: readonly DefinedTool[], { name = 'tools' } = {}): Promise<void> {
  await mcpServer(tools, name).connect(new StdioServerTransport());
}
