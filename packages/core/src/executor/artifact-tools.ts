import type { ArtifactPart, Content, JsonObject } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { z } from 'zod';
import type { Artifacts } from '../log/artifact-store.ts';
import type { ArtifactRow } from '../log/run-store.ts';
import type { RunRef } from '../tenant-scope.ts';
import type { ToolOutcome, ToolRequest, Tools } from './tools.ts';

/** Bytes that one read returns at most. */
export const READ_BYTES = 48 * 1024;
/** Bytes of one file. */
const WRITE_BYTES = 16 * 1024 * 1024;

const writeArguments = z.strictObject({
  name: z.string().min(1).max(255),
  content: z.string(),
  media_type: z.string().max(255).default('text/plain'),
});

const readArguments = z.strictObject({
  name: z.string().optional(),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  offset: z.int().nonnegative().default(0),
  length: z.int().min(1).max(READ_BYTES).default(READ_BYTES),
});

export interface ArtifactToolPorts {
  readonly artifacts: Pick<Artifacts, 'put' | 'open'>;
  /** The files of a run, oldest first. */
  readonly list: (ref: RunRef) => Promise<readonly ArtifactRow[]>;
}

/** `artifacts.write` and `artifacts.read`. Writing the same bytes again is harmless, so a repeated call is too. */
export function artifactTools(ports: ArtifactToolPorts): Tools {
  return {
    call({ ref, tool, arguments: args, mayBegin }: ToolRequest): Promise<ToolOutcome> {
      if (tool.source.type !== 'builtin') return Promise.resolve(problem(`${tool.name} is no builtin tool.`));
      if (!mayBegin()) return Promise.resolve({ type: 'not-sent', message: 'the lease is about to run out' });
      if (tool.source.name === 'artifacts.write') return write(ports, ref, args);
      if (tool.source.name === 'artifacts.read') return read(ports, ref, args);
      return Promise.resolve(problem(`${tool.source.name} is done by the run itself.`));
    },
  };
}

async function write({ artifacts }: ArtifactToolPorts, ref: RunRef, args: JsonObject): Promise<ToolOutcome> {
  const parsed = writeArguments.safeParse(args);
  if (!parsed.success) return problem(z.prettifyError(parsed.error));
  const { name, content, media_type } = parsed.data;
  const bytes = new TextEncoder().encode(content);
  if (bytes.length > WRITE_BYTES) return problem(`The file has ${bytes.length} bytes; at most ${WRITE_BYTES} fit.`);
  const digest = bytesToHex(sha256(bytes));
  await artifacts.put(ref, digest, bytes);
  const part: ArtifactPart = { type: 'artifact', digest, size: bytes.length, media_type, name };
  return answered(text(`Saved ${name}: ${bytes.length} bytes, digest ${digest}.`), [part]);
}

async function read({ artifacts, list }: ArtifactToolPorts, ref: RunRef, args: JsonObject): Promise<ToolOutcome> {
  const parsed = readArguments.safeParse(args);
  if (!parsed.success) return problem(z.prettifyError(parsed.error));
  const { name, digest, offset, length } = parsed.data;
  // Of two files with one name, the newer.
  const found = digest ?? (await list(ref)).findLast((file) => file.name === name)?.digest;
  const opened = found === undefined ? null : await artifacts.open(ref, found);
  if (opened === null) return problem(`There is no file ${digest ?? name ?? ''} in this run.`);
  const slice = await sliceOf(opened.bytes, offset, length);
  const end = offset + slice.length;
  const more = end < opened.size ? `\n[bytes ${offset} to ${end} of ${opened.size}]` : '';
  return answered(text(new TextDecoder().decode(slice) + more));
}

/** A file that a person gave may be larger than memory. */
async function sliceOf(bytes: AsyncIterable<Uint8Array>, offset: number, length: number): Promise<Uint8Array> {
  const slice = new Uint8Array(length);
  let at = 0;
  let filled = 0;
  for await (const piece of bytes) {
    const wanted = piece.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at));
    slice.set(wanted, filled);
    filled += wanted.length;
    at += piece.length;
    if (filled === length) break;
  }
  return slice.subarray(0, filled);
}

const answered = (content: Content, artifacts: readonly ArtifactPart[] = []): ToolOutcome => ({
  type: 'answered',
  content,
  isError: false,
  ...(artifacts.length > 0 ? { artifacts } : {}),
});

/** The model is told, and may do better. */
const problem = (message: string): ToolOutcome => ({ type: 'answered', content: text(message), isError: true });
