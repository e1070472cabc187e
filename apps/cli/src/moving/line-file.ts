import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ListedFile } from './manifest.ts';

/** Writes lines to a file that only its owner may read, and which is on disk when this returns. */
export async function writeLines(path: string, pages: AsyncIterable<readonly string[]>): Promise<ListedFile> {
  const file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  try {
    for await (const page of pages) {
      const text = Buffer.from(page.map((line) => `${line}\n`).join(''));
      hash.update(text);
      await file.writeFile(text);
      rows += page.length;
      bytes += text.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { rows, bytes, sha256: hash.digest('hex') };
}

/** The lines of a file, one at a time; a line ends with a line feed and with nothing else, whatever stands in its texts. */
export async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  let begun: Buffer[] = [];
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, end)]).toString();
      begun = [];
      from = end + 1;
    }
    if (from < piece.length) begun.push(piece.subarray(from));
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString();
}
