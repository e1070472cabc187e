import { type Content, type Json, text, textPart } from '@holdfast/contracts';
import { z } from 'zod';

const textParts = z.array(textPart).nonempty();

/** Text stays text, text parts stay parts; any other JSON value is shown to the model as JSON. */
export function inputContent(input: Content | Json): Content {
  if (typeof input === 'string') return text(input);
  // A part with one key too many is no part: its event could not be read again.
  const parts = textParts.safeParse(input);
  return parts.success ? parts.data : text(JSON.stringify(input));
}
