import type { Content, Json, RunResource } from '@holdfast/contracts';

/** What a run that succeeded has to say. */
export interface RunResult {
  /** The text of its final answer. */
  readonly text: string;
  /** The same as JSON, when the agent has an output schema. */
  readonly value: Json;
  readonly output: Content;
  readonly run: RunResource;
}

export function resultOf(run: RunResource): RunResult {
  const output = run.output ?? [];
  const text = output.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  return { text, value: run.output_value, output, run };
}
