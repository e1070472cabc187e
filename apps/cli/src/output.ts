import { eventLine, type Tone, type WireEvent } from '@holdfast/contracts';
import Table from 'cli-table3';

/** Where a command writes; `json` = the API's body unchanged, one object a line for streams. */
export interface Output {
  readonly json: boolean;
  /** A terminal: tables and colours. */
  readonly tty: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const colours: Readonly<Record<Tone, string>> = {
  quiet: '\u001b[2m',
  model: '\u001b[36m',
  tool: '\u001b[33m',
  people: '\u001b[35m',
  good: '\u001b[32m',
  bad: '\u001b[31m',
};

export function showEvent(output: Output, event: WireEvent): void {
  if (output.json) return output.out(JSON.stringify(event));
  const { tone, text } = eventLine(event);
  const line = `${event.at.slice(11, 19)} ${String(event.seq).padStart(4)}  ${event.type.padEnd(18)} ${text}`;
  output.out(output.tty ? `${colours[tone]}${line}\u001b[0m` : line);
}

/** A table on a terminal; else tab-separated lines, for other programs. */
export function showRows(output: Output, head: readonly string[], rows: readonly (readonly string[])[]): void {
  if (!output.tty) return rows.forEach((row) => output.out(row.join('\t')));
  const table = new Table({ head: [...head], style: { head: ['bold'], border: ['dim'] } });
  for (const row of rows) table.push([...row]);
  output.out(table.toString());
}

export function showJson(output: Output, body: unknown): void {
  output.out(JSON.stringify(body, null, output.tty ? 2 : undefined));
}

/** Content parts as text. */
export const plain = (parts: readonly { readonly type: string }[]): string =>
  parts.map((part) => ('text' in part && typeof part.text === 'string' ? part.text : `[${part.type}]`)).join('\n');
