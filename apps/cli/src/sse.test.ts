import { expect, test } from 'vitest';
import { parseSse } from './sse.ts';

const text = ': hb\n\nid: 1\nevent: a\ndata: {"x":1}\n\nid: 2\r\ndata: é\r\ndata: two\r\n\r\nid: 3\ndata: cut off';

async function* inPieces(size: number) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.slice(at, at + size));
}

test.each([1, 2, 3, 7, 1_000])('messages come whole in pieces of %i bytes', async (size) => {
  const messages = [];
  for await (const message of parseSse(inPieces(size))) messages.push(message);
  expect(messages).toEqual([
    { id: '1', event: 'a', data: '{"x":1}' },
    { id: '2', event: 'message', data: 'é\ntwo' },
  ]);
});
