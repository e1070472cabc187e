import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';

/** How a stdio tool server is started. */
export interface ToolServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to HOME, PATH, SHELL and TERM; nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; null = the folder this process works in. */
  readonly cwd: string | null;
}

export type ToolServerCommands = ReadonlyMap<string, ToolServerCommand>;

/** One line per problem: file, key, what is wrong, an example. */
export class ToolServersFileInvalid extends Error {
  override readonly name = 'ToolServersFileInvalid';
  readonly code = 'tool_servers_file_invalid';
}

const serverName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'a name has lower-case letters, digits and dashes, beginning with a letter',
});

const toolServersFile = z.strictObject({
  servers: z.record(
    serverName,
    z.strictObject({
      command: z.string().min(1),
      args: z.array(z.string()).default([]),
      env: z.record(z.string(), z.string()).default({}),
      cwd: z.string().min(1).optional(),
    }),
  ),
});

const wholeExample = '{ "servers": { "files": { "command": "mcp-server-filesystem", "args": ["/srv/docs"] } } }';
const examples: Readonly<Record<string, string>> = {
  command: '"command": "mcp-server-filesystem"',
  args: '"args": ["/srv/docs"]',
  env: '"env": { "LANG": "C.UTF-8" }',
  cwd: '"cwd": "/srv/docs"',
};

/**
 * Reads the platform admin's file of stdio tool servers. A relative `cwd` is taken from the file's own folder.
 * Throws `ToolServersFileInvalid`.
 */
export async function readToolServersFile(file: string): Promise<ToolServerCommands> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ToolServersFileInvalid(`${file}: cannot be read: ${messageOf(error)}`);
  }
  return parseToolServers(text, file);
}

/** @param file its path, for messages and for a relative `cwd` */
export function parseToolServers(text: string, file: string): ToolServerCommands {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new ToolServersFileInvalid(`${file}: not JSON: ${messageOf(error)}; example: ${wholeExample}`);
  }
  const parsed = toolServersFile.safeParse(raw);
  if (!parsed.success) {
    throw new ToolServersFileInvalid(parsed.error.issues.map((issue) => problemLine(file, issue)).join('\n'));
  }
  const folder = dirname(resolve(file));
  return new Map(
    Object.entries(parsed.data.servers).map(([name, { cwd, ...server }]) => [
      name,
      { ...server, cwd: cwd === undefined ? null : resolve(folder, cwd) },
    ]),
  );
}

function problemLine(file: string, issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  // The reason why a key of `servers` is refused stands in the issue of the key itself.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const example = examples[String(issue.path[2] ?? '')] ?? wholeExample;
  return `${file}: ${path === '' ? 'the document' : path}: ${message}; example: ${example}`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
