import { eventLine, type Tone, type WireEvent } from '@holdfast/sdk';
import Table from 'cli-table3';

/** Where a command writes; `json` = the API's body unchanged, one object a line for streams. */
export interface Output {
  /** How the program was called, for lines to copy: `npx holdfast` or `holdfast`. */
  readonly program: string;
  readonly json: boolean;
  /** A terminal: tables. */
  readonly tty: boolean;
  /** A terminal, and nobody has set NO_COLOR. */
  readonly colour: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly bytes: (bytes: Uint8Array | string) => void;
}

const colours: Readonly<Record<Tone, string>> = {
  quiet: '\u001b[2m',
  model: '\u001b[36m',
  tool: '\u001b[33m',
  people: '\u001b[35m',
  good: '\u001b[32m',
  bad: '\u001b[31m',
};

export const paint = ({ colour }: Output, tone: Tone, text: string): string =>
  colour ? `${colours[tone]}${text}\u001b[0m` : text;

export function showEvent(output: Output, event: WireEvent): void {
  if (output.json) return output.out(JSON.stringify(event));
  const { tone, text } = eventLine(event);
  const line = `${event.at.slice(11, 19)} ${String(event.seq).padStart(4)}  ${event.type.padEnd(18)} ${printable(text)}`;
  output.out(paint(output, tone, line));
}

/** A table on a terminal; else tab-separated lines, for other programs. */
export function showRows(output: Output, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const clean = rows.map((row) => row.map((cell) => printable(cell)));
  if (!output.tty) return clean.forEach((row) => output.out(row.join('\t')));
  if (clean.length === 0) return output.err('There is none.');
  columns(output, [...head], clean);
}

/** One thing, a line for each of its fields that has a value. */
export function showFields(output: Output, fields: readonly (readonly [string, string])[]): void {
  if (!output.tty) return showRows(output, [], fields);
  const filled = fields.filter(([, value]) => value !== '');
  columns(
    output,
    [],
    filled.map(([name, value]) => [paint(output, 'quiet', name), printable(value)]),
    Infinity,
  );
}

/** Without borders: a run and its status can be read, selected and copied, however narrow the terminal is. */
function columns(output: Output, head: string[], rows: readonly (readonly string[])[], widest = WIDEST): void {
  const table = new Table({
    head: head.map((text) => (output.colour ? `\u001b[1m${text}\u001b[0m` : text)),
    chars: { ...noBorders, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const row of rows) table.push(row.map((cell) => clipped(shortTime(cell), widest)));
  for (const line of table.toString().split('\n')) output.out(line.trimEnd());
}

/** A description of a tool may be a page; `--json` has it whole. */
const WIDEST = 100;

const clipped = (text: string, widest: number): string => {
  const [first = '', ...more] = text.split('\n');
  if (widest === Infinity || (more.length === 0 && first.length <= widest)) return text;
  return `${first.slice(0, widest - 1)}…`;
};

/** For people, to the second. */
const shortTime = (text: string): string =>
  /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/.test(text) ? `${text.slice(0, 10)} ${text.slice(11, 19)}Z` : text;

const noBorders = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`, `mid-mid`].map((name) => [name, '']),
  ),
);

export interface ShownPage<T> {
  readonly items: readonly T[];
  readonly next_cursor?: string | null;
}

/** A page of a list as rows, and how to get the next one. */
export function showPage<T>(
  output: Output,
  page: ShownPage<T>,
  head: readonly string[],
  row: (item: T) => readonly string[],
): void {
  if (output.json) return showJson(output, page);
  showRows(output, head, page.items.map(row));
  if (typeof page.next_cursor === 'string') output.err(`more: --cursor ${page.next_cursor}`);
}

/** The body as the API gave it, or the lines for people. */
export function show(output: Output, body: unknown, lines: () => string): void {
  if (output.json) showJson(output, body);
  else output.out(printable(lines()));
}

export function showJson(output: Output, body: unknown): void {
  output.out(JSON.stringify(body));
}

/** Content parts as text. */
export const plain = (parts: readonly { readonly type: string }[]): string =>
  parts.map((part) => ('text' in part && typeof part.text === 'string' ? part.text : `[${part.type}]`)).join('\n');

// oxlint-disable-next-line no-control-regex -- text of models and tools could move the cursor or rename the window
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Without control characters, which steer a terminal. */
export const printable = (text: string): string => text.replace(controls, '');

/** `1.234567` dollars. */
export const dollars = (micros: number): string => `$${(micros / 1_000_000).toFixed(6).replace(/0{1,4}$/, '')}`;
