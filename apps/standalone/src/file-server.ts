import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ToolServerCommand } from '@holdfast/adapters/mcp';

const PACKAGE = '@modelcontextprotocol/server-filesystem';

/** The repository's own documents, which are there on every machine. */
export const defaultFolder = fileURLToPath(new URL('../../../docs', import.meta.url));

/** The folder as an absolute path. @throws Error with code `folder_not_found`. */
export function folderOf(argument: string | null): string {
  const folder = resolve(argument ?? defaultFolder);
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return folder;
  throw Object.assign(new Error(`${folder} is not a folder. Give one that is: npm start -- path/to/folder`), {
    code: 'folder_not_found',
  });
}

/** The MCP filesystem server of node_modules, over stdio; it may read this folder and nothing else. */
export function fileServer(folder: string): ToolServerCommand {
  const main = join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'dist', 'index.js');
  return { command: process.execPath, args: [main, folder], env: {}, cwd: null };
}
