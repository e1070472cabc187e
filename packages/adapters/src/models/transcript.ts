import type { Content, RequestedCall } from '@holdfast/contracts';
import type { PromptMessage } from '@holdfast/core';

type ToolMessage = Extract<PromptMessage, { role: 'tool' }>;

/** The texts of a message; a file that was too long to inline counts with its preview. */
export const textOf = (content: Content): string =>
  content
    .map((part) => {
      if (part.type === 'text') return part.text;
      return part.type === 'artifact' ? (part.preview ?? '') : '';
    })
    .filter((text) => text !== '')
    .join('\n');

export const toolResults = (messages: readonly PromptMessage[]): ToolMessage[] =>
  messages.filter((message) => message.role === 'tool');

/** The results of the newest answer that called tools, in the order of its calls. */
export const newestResults = (messages: readonly PromptMessage[]): ToolMessage[] => {
  const results = toolResults(messages);
  const newest = results.at(-1)?.block;
  return results.filter(({ block }) => block === newest);
};

const listingLine = /^\[(FILE|DIR)\] (.+)$/;

/** Names of files, of a text that is a directory listing in whole (`[FILE] name` or `[DIR] name` a line); else null. */
function listingOf(text: string): string[] | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const entries = lines.map((line) => listingLine.exec(line));
  if (lines.length === 0 || entries.includes(null)) return null;
  return entries.flatMap((entry) => (entry?.[1] === 'FILE' && entry[2] !== undefined ? [entry[2].trim()] : []));
}

export const isListing = (text: string): boolean => listingOf(text) !== null;

/**
 * Names of the files in the newest successful directory listing, in the order of their names: servers list in the
 * order of the disk, which differs from machine to machine.
 */
export function filesListed(messages: readonly PromptMessage[]): string[] {
  for (const message of messages.toReversed()) {
    if (message.role !== 'tool' || message.isError) continue;
    const files = listingOf(textOf(message.content));
    if (files !== null) return files.toSorted();
  }
  return [];
}

/** A file that was read: its name, without folders, and its text. */
export interface FileRead {
  readonly name: string;
  readonly text: string;
}

/** Files read so far, in the order of their results: successful calls of a tool with `read` in its name and a path. */
export function filesRead(messages: readonly PromptMessage[]): FileRead[] {
  const calls = new Map<string, RequestedCall>();
  const files: FileRead[] = [];
  for (const message of messages) {
    if (message.role === 'assistant') for (const call of message.toolCalls) calls.set(call.id, call);
    if (message.role !== 'tool' || message.isError || !/read/i.test(message.name)) continue;
    const args = calls.get(message.id)?.arguments;
    const path = args?.['path'] ?? args?.['name'];
    const text = textOf(message.content);
    if (typeof path === 'string' && text !== '' && !isListing(text)) files.push({ name: baseName(path), text });
  }
  return files;
}

const baseName = (path: string): string => path.split(/[\\/]/).findLast((piece) => piece !== '') ?? path;
