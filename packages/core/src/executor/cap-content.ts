import type { ArtifactPart, Content } from '@holdfast/contracts';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ArtifactStore } from '../log/artifact-store.ts';
import type { RunRef } from '../tenant-scope.ts';

/** A text of a tool's result above this many bytes becomes an artifact; the model sees its beginning. */
const TEXT_BYTES = 32 * 1024;
const PREVIEW_CHARACTERS = 2_000;
const encoder = new TextEncoder();

/** Texts that are too long for a prompt are stored as files of the run. Durable when it returns. */
export async function capContent(
  artifacts: ArtifactStore,
  ref: RunRef,
  name: string,
  content: Content,
): Promise<{ content: Content; stored: ArtifactPart[] }> {
  const stored: ArtifactPart[] = [];
  const capped = await Promise.all(
    content.map(async (part, index) => {
      if (part.type !== 'text' || part.text.length * 3 <= TEXT_BYTES) return part;
      const bytes = encoder.encode(part.text);
      if (bytes.length <= TEXT_BYTES) return part;
      const digest = bytesToHex(sha256(bytes));
      await artifacts.put(ref, digest, bytes);
      const file: ArtifactPart = {
        type: 'artifact',
        digest,
        size: bytes.length,
        media_type: 'text/plain; charset=utf-8',
        name: `${name}-${index}.txt`,
      };
      stored.push(file);
      return { ...file, preview: part.text.slice(0, PREVIEW_CHARACTERS) };
    }),
  );
  return { content: capped, stored };
}
