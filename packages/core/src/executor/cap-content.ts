import type { ArtifactPart, Content } from '@holdfast/contracts';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ArtifactStore } from '../log/artifact-store.ts';
import type { RunRef } from '../tenant-scope.ts';

/** Texts of a tool's result up to this many bytes, all parts together, are shown to the model as they are. */
const TEXT_BYTES = 32 * 1024;
const PREVIEW_CHARACTERS = 2_000;
/** Of a text of which nothing fits any more. */
const SHORT_PREVIEW_CHARACTERS = 100;
const encoder = new TextEncoder();

/** Texts that are too long for a prompt are stored as files of the run; the model sees their beginning. Durable when it returns. */
export async function capContent(
  artifacts: ArtifactStore,
  ref: RunRef,
  name: string,
  content: Content,
): Promise<{ content: Content; stored: ArtifactPart[] }> {
  const stored: ArtifactPart[] = [];
  const capped: Content = [];
  let left = TEXT_BYTES;
  for (const [index, part] of content.entries()) {
    const bytes = part.type === 'text' ? encoder.encode(part.text) : null;
    if (part.type !== 'text' || bytes === null || bytes.length <= left) {
      left -= bytes?.length ?? 0;
      capped.push(part);
      continue;
    }
    const digest = bytesToHex(sha256(bytes));
    await artifacts.put(ref, digest, bytes);
    const media_type = 'text/plain; charset=utf-8';
    const file: ArtifactPart = {
      type: 'artifact',
      digest,
      size: bytes.length,
      media_type,
      name: `${name}-${index}.txt`,
    };
    stored.push(file);
    capped.push({ ...file, preview: part.text.slice(0, left > 0 ? PREVIEW_CHARACTERS : SHORT_PREVIEW_CHARACTERS) });
    left = Math.min(left, 0);
  }
  return { content: capped, stored };
}

/** What is shown of texts that could not be stored. */
export const beginningOf = (content: Content): Content =>
  content.map((part) =>
    part.type !== 'text' || part.text.length <= PREVIEW_CHARACTERS
      ? part
      : { type: 'text', text: `${part.text.slice(0, PREVIEW_CHARACTERS)}\n[The rest could not be stored.]` },
  );
