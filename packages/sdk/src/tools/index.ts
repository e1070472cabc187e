export { defineTool, type DefinedTool, type ToolContext, type ToolDefinition } from './define-tool.ts';
export { serveTools, type ServedTools, type ServeToolsOptions } from './serve-tools.ts';
export { serveToolsOverStdio } from './serve-tools-over-stdio.ts';
