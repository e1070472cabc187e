import type { ModelDelta } from '@holdfast/sdk';
import { type Output, paint, printable } from './output.ts';

/** Words of a model as they come, on lines of their own. */
export function showWords(output: Output): {
  readonly show: (delta: ModelDelta) => void;
  /** Before anything else is written. */
  readonly end: () => void;
} {
  let open = false;
  return {
    show: ({ text }) => {
      open = true;
      output.bytes(paint(output, 'model', printable(text)));
    },
    end: () => {
      if (open) output.bytes('\n');
      open = false;
    },
  };
}
