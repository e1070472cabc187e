export { HttpMcpTools, type HttpMcpToolsOptions } from './http-mcp-tools.ts';
export { McpTools, type McpToolsOptions } from './mcp-tools.ts';
export { type ServerLog, serverLog } from './server-log.ts';
export { ATTEMPT_META, KEY_META } from './tool-session.ts';
export {
  parseToolServers,
  readToolServersFile,
  type ToolServerCommand,
  type ToolServerCommands,
  ToolServersFileInvalid,
} from './tool-servers-file.ts';
export { registeredTools } from './registered-tools.ts';
