import type { Config } from '@holdfast/contracts';
import type { Log } from '@holdfast/core';
import { McpTools } from './mcp-tools.ts';
import { serverLog } from './server-log.ts';
import { readToolServersFile, type ToolServerCommands } from './tool-servers-file.ts';

/** The tool servers that TOOL_SERVERS_FILE names, and those `brought` along. @throws ToolServersFileInvalid. */
export async function registeredTools(
  { file, environment }: Config['toolServers'],
  log: Log,
  brought: ToolServerCommands = new Map(),
): Promise<McpTools> {
  const named = file === null ? [] : await readToolServersFile(file);
  return new McpTools({
    servers: new Map([...brought, ...named]),
    environment,
    log: (server) => serverLog(log, server),
  });
}
