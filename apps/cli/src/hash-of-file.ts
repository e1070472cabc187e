import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256, lower-case hex; the file is read a piece at a time. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(piece);
  return hash.digest('hex');
}
