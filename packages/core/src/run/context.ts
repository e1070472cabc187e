import type { AgentVersion, BodyOf } from '@holdfast/contracts';
import { bytesOf } from './sizes.ts';
import type { ContextSize } from './state.ts';

/** Instructions, tool descriptions and the schema of the answer go with every prompt. */
export const fixedBytes = (version: AgentVersion): number =>
  bytesOf(version.instructions) +
  (version.output === null ? 0 : bytesOf(version.output)) +
  version.tools.reduce((sum, tool) => sum + bytesOf([tool.name, tool.description, tool.input_schema]), 0);

/**
 * Upper bound of the next prompt, in tokens: what the model last counted, and one token for each byte added since.
 */
export const promptBound = ({ measured, bytes }: ContextSize): number =>
  measured === null ? bytes : measured.tokens + Math.max(0, bytes - measured.bytes);

/** Opens a block (a delivered input, or an answer) or adds to the newest. */
export function grow(context: ContextSize, seq: number, bytes: number): ContextSize {
  const last = context.blocks.at(-1);
  const blocks =
    last !== undefined && last.seq === seq
      ? [...context.blocks.slice(0, -1), { seq, bytes: last.bytes + bytes }]
      : [...context.blocks, { seq, bytes }];
  return { ...context, blocks, bytes: context.bytes + bytes };
}

/**
 * The prompt would pass its bound: drops the oldest blocks until half of it is left, so that not every call compacts.
 * The first input and the newest block stay.
 */
export function compaction(version: AgentVersion, context: ContextSize): BodyOf<'context.compacted'> | null {
  const { max_tokens } = version.context;
  const bound = promptBound(context);
  if (bound <= max_tokens || context.blocks.length < 2) return null;
  const tokensPerByte = bound / context.bytes;
  let left = context.bytes;
  let kept = 0;
  while (kept < context.blocks.length - 1 && left * tokensPerByte > max_tokens / 2) {
    left -= context.blocks[kept]?.bytes ?? 0;
    kept += 1;
  }
  const first = context.blocks[kept];
  if (kept === 0 || first === undefined) return null;
  return {
    type: 'context.compacted',
    data: { rule: 'last-turns', kept_from: first.seq, dropped_bytes: context.bytes - left },
  };
}

/** Bytes of the blocks before this one. */
export const droppedBytes = (context: ContextSize, keptFrom: number): number =>
  context.blocks.reduce((sum, { seq, bytes }) => sum + (seq < keptFrom ? bytes : 0), 0);

/** `summaryBytes` of what is said in place of the dropped blocks, as part of the first that is kept. */
export function compacted(context: ContextSize, keptFrom: number, summaryBytes: number): ContextSize {
  const kept = context.blocks.filter((block) => block.seq >= keptFrom);
  const [first = { seq: keptFrom, bytes: 0 }, ...rest] = kept;
  const blocks = summaryBytes === 0 ? kept : [{ ...first, bytes: first.bytes + summaryBytes }, ...rest];
  const bytes = context.fixed + blocks.reduce((sum, block) => sum + block.bytes, 0);
  // The model has not counted the shorter prompt yet; the old ratio is the best bound there is.
  const measured =
    context.measured === null ? null : { tokens: Math.ceil((promptBound(context) * bytes) / context.bytes), bytes };
  return { ...context, blocks, bytes, measured };
}
