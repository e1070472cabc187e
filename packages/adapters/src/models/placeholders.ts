import type { Json, JsonObject } from '@holdfast/contracts';
import type { PromptMessage } from '@holdfast/core';
import { firstSentence } from './first-sentence.ts';
import { filesRead, newestResults, textOf, toolResults } from './transcript.ts';

/** What placeholders are filled from. */
export interface Filling {
  readonly messages: readonly PromptMessage[];
  /** The file of an `each: file` call. */
  readonly file?: string;
}

const placeholder = /\{\{\s*([a-z]+)((?:\.[\w-]+)*)\s*\}\}/g;
const onlyPlaceholder = new RegExp(`^${placeholder.source}$`);

/** Fills the placeholders of a text. What is no placeholder stays as it is, so that a slip can be seen. */
export const fillText = (text: string, filling: Filling): string =>
  text.replaceAll(placeholder, (whole, name: string, path: string) => {
    const value = valueOf(name, path, filling);
    if (value === undefined) return whole;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });

/** Fills the strings in arguments. A string that is one placeholder and nothing else becomes its value, type and all. */
export const fillArguments = (args: JsonObject, filling: Filling): JsonObject =>
  Object.fromEntries(Object.entries(args).map(([key, value]) => [key, fillValue(value, filling)]));

function fillValue(value: Json, filling: Filling): Json {
  if (typeof value === 'string') {
    const only = onlyPlaceholder.exec(value);
    const filled = only?.[1] === undefined ? undefined : valueOf(only[1], only[2] ?? '', filling);
    return filled === undefined ? fillText(value, filling) : filled;
  }
  if (Array.isArray(value)) return value.map((item) => fillValue(item, filling));
  return typeof value === 'object' && value !== null ? fillArguments(value, filling) : value;
}

/** undefined = there is no such placeholder. */
function valueOf(name: string, path: string, filling: Filling): Json | undefined {
  const { messages, file } = filling;
  if (name === 'input') return path === '' ? inputOf(messages) : inputAt(inputOf(messages), path.slice(1).split('.'));
  if (path !== '') return undefined;
  switch (name) {
    case 'file':
      return file;
    case 'results':
      return toolResults(messages).length;
    case 'last':
      return textOf(toolResults(messages).at(-1)?.content ?? []);
    case 'answers':
      return newestResults(messages)
        .map(({ content }) => textOf(content))
        .join('\n\n');
    case 'quotes':
      return quotes(messages);
    default:
      return undefined;
  }
}

type UserMessage = Extract<PromptMessage, { role: 'user' }>;

const inputOf = (messages: readonly PromptMessage[]): string => {
  // What was said in the thread before stands in front, in a block of its own.
  const first = messages.find((message): message is UserMessage => message.role === 'user' && message.block >= 0);
  return first === undefined ? '' : textOf(first.content);
};

/** '' when the input is no JSON object or has no such key. */
function inputAt(input: string, keys: readonly string[]): Json {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    return '';
  }
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return '';
    value = Reflect.get(value, key);
  }
  // It came from JSON.parse.
  return value as Json;
}

/** Of each file read, its first real sentence as a Markdown quotation with its name. */
const quotes = (messages: readonly PromptMessage[]): string =>
  filesRead(messages)
    .map(({ name, text }) => `> ${firstSentence(text)}\n>\n> — ${name}`)
    .join('\n\n');
