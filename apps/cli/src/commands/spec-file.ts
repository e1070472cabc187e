import { readText } from './arguments.ts';

/** An agent's file, to be sent as it is. */
export function specText(file: string): { readonly json: string } | { readonly yaml: string } {
  const text = readText(file);
  return file.endsWith('.json') ? { json: text } : { yaml: text };
}
