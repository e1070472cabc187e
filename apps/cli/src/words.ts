import type { ModelDelta, WireEvent } from '@holdfast/sdk';
import { type Output, paint, printable } from './output.ts';

/** Words of a model as they come, on lines of their own, below the event that asked for them. */
export function showWords(output: Output): {
  readonly show: (delta: ModelDelta) => void;
  /** Before anything else is written. */
  readonly end: () => void;
  /** After this event was written. */
  readonly after: (event: WireEvent) => void;
} {
  let open = false;
  let seen = 0;
  /** The call that is being answered, by the number of its event. */
  let called = 0;
  // Words may come before the event that they follow: they take a shorter way.
  let early: ModelDelta[] = [];
  const write = ({ text }: ModelDelta): void => {
    open = true;
    output.bytes(paint(output, 'model', printable(text)));
  };
  return {
    show: (delta) => {
      if (delta.seq > seen) early.push(delta);
      // Else its answer has been shown already.
      else if (delta.seq === called) write(delta);
    },
    end: () => {
      if (open) output.bytes('\n');
      open = false;
    },
    after: ({ seq, type }) => {
      seen = seq;
      if (type === 'model.called') called = seq;
      else if (type.startsWith('model.')) called = 0;
      for (const delta of early.filter((each) => each.seq === seq)) write(delta);
      early = early.filter((each) => each.seq > seq);
    },
  };
}
