import type { BodyOf, Content, DataOf, Json, JsonObject } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { misfitOf } from './json-schema.ts';
import { isKept } from './requested-calls.ts';
import type { LiveRun } from './state.ts';

/** Of what is told about a misfit, characters. */
const MAX_PROBLEM = 2_000;

/** A model that is not bound to a format likes to put its JSON in a code fence. */
const fenced = /^```(?:json)?\s*\n([\s\S]*)\n\s*```$/;

/** The final answer as JSON, or why it is none that fits. */
export type ParsedOutput = { readonly value: Json } | { readonly problem: string };

export function parseOutput(schema: JsonObject, output: Content): ParsedOutput {
  const words = output
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
    .trim();
  const value = parse(fenced.exec(words)?.[1] ?? words);
  if (value === undefined) return { problem: 'The answer is not JSON.' };
  if (!isKept(value)) return { problem: 'The answer has values that cannot be kept exactly.' };
  const misfit = misfitOf(schema, value);
  return misfit === null ? { value } : { problem: misfit.slice(0, MAX_PROBLEM).replace(/[\ud800-\udbff]$/, '') };
}

/** How the run ends with this answer: as it is, after one more try of the model, or not at all. */
export function conclusion(
  state: LiveRun,
  output: Content,
): BodyOf<'run.succeeded'> | BodyOf<'run.failed'> | BodyOf<'answer.rejected'> {
  const { output: wanted } = state.version;
  if (wanted === null) return { type: 'run.succeeded', data: { output } };
  const parsed = parseOutput(wanted.schema, output);
  if ('value' in parsed) return { type: 'run.succeeded', data: { output, value: parsed.value } };
  const { problem } = parsed;
  return state.rejected
    ? { type: 'run.failed', data: { code: 'output_invalid', detail: problem, unresolved: [] } }
    : { type: 'answer.rejected', data: { problem } };
}

/** What the model is told of a rejected answer. */
export const rejection = ({ problem }: DataOf<'answer.rejected'>): Content =>
  text(`Your answer does not fit its schema:\n${problem}\nAnswer again, with JSON that fits and with nothing else.`);

function parse(words: string): Json | undefined {
  try {
    // What JSON.parse gives is JSON; never undefined.
    return JSON.parse(words) as Json;
  } catch {
    return undefined;
  }
}
