import type { PublishedTool } from '@holdfast/contracts';
import { expect, it } from 'vitest';
import { artifactTools } from './artifact-tools.ts';

const ref = { tenant: 'acme', run: 'r1' };
const pieces = ['abc', 'def', 'ghi'].map((text) => new TextEncoder().encode(text));
const digest = 'a'.repeat(64);

/** Counts how many pieces were read of nine bytes in three. */
async function read(args: { offset?: number; length?: number }): Promise<{ text: string; taken: number }> {
  let taken = 0;
  async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const piece of pieces) {
      taken += 1;
      yield await Promise.resolve(piece);
    }
  }
  const tools = artifactTools({
    artifacts: { put: () => Promise.resolve(), open: () => Promise.resolve({ size: 9, bytes: bytes() }) },
    list: () => Promise.resolve([]),
  });
  const tool = {
    name: 'artifacts_read',
    source: { type: 'builtin', name: 'artifacts.read' },
  } as unknown as PublishedTool;
  const outcome = await tools.call(
    {
      ref,
      tool,
      arguments: { digest, ...args },
      key: 'k',
      attempt: 1,
      timeoutMs: 1,
      mayBegin: () => true,
      progressed: () => undefined,
    },
    new AbortController().signal,
  );
  const [part] = outcome.type === 'answered' ? outcome.content : [];
  return { text: part?.type === 'text' ? part.text : outcome.type, taken };
}

it.each([
  [{}, 'abcdefghi', 3],
  [{ length: 3 }, 'abc\n[bytes 0 to 3 of 9]', 1],
  [{ offset: 2, length: 3 }, 'cde\n[bytes 2 to 5 of 9]', 2],
  [{ offset: 7 }, 'hi', 3],
  [{ offset: 9 }, '', 3],
  [{ offset: 20, length: 1 }, '', 3],
])('reads %j, and no more of the file than it takes', async (args, text, taken) => {
  expect(await read(args)).toEqual({ text, taken });
});
