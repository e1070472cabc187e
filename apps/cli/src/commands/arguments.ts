import { readFileSync } from 'node:fs';
import { type Json, json } from '@holdfast/contracts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes, Failure } from '../failure.ts';

/** A whole number above 0. */
export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0.');
  return value;
}

export function cursor(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('must be a whole number from 0.');
  return value;
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('must be a number.');
  return value;
}

/** @throws Failure when it is no JSON; `what` names the option or argument. */
export function jsonText(text: string, what: string): Json {
  try {
    return json.parse(JSON.parse(text));
  } catch {
    throw new Failure(`${what} takes JSON; a text needs quotes: '"${text}"'`, exitCodes.usage);
  }
}

/** `a=b` options as a record. */
export function pairs(texts: readonly string[], what: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new Failure(`${what} takes key=value, not ${text}.`, exitCodes.usage);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** The file's text; `-` = standard input. @throws Failure. */
export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `--limit` and `--cursor`, which every paged list has. */
export const paged = (command: Command): Command =>
  command
    .addOption(new Option('--limit <n>', 'at most so many').argParser(integer).default(50))
    .option('--cursor <cursor>', 'next_cursor of the page before');

export interface Paged {
  readonly limit: number;
  readonly cursor?: string;
}

/** For what cannot be undone. @throws Failure without `--yes`. */
export function confirmed(yes: boolean | undefined, what: string): void {
  if (yes !== true) throw new Failure(`${what} Repeat it with --yes.`, exitCodes.usage);
}

export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is undefined: the API takes a key with a value, or none. */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
