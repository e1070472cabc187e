import { z } from 'zod';

/** SHA-256 of the bytes, lower-case hex. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });

/** A file in the object store; `preview` is the beginning of a text that was too long to inline. */
export const artifactPart = z.strictObject({
  type: z.literal('artifact'),
  digest,
  /** bytes */
  size: z.int().nonnegative(),
  media_type: z.string().max(255),
  name: z.string().max(255).optional(),
  preview: z.string().optional(),
});

export const imagePart = z.strictObject({
  type: z.literal('image'),
  digest,
  /** bytes */
  size: z.int().nonnegative(),
  media_type: z.string().max(255),
});

/** One piece of a message: text, or a reference to a file of the run. */
export const part = z.discriminatedUnion('type', [textPart, artifactPart, imagePart]);
export type Part = z.infer<typeof part>;
export type ArtifactPart = z.infer<typeof artifactPart>;

/** Message content is a list of parts from the first day. */
export const content = z.array(part);
export type Content = z.infer<typeof content>;

export const text = (value: string): Content => [{ type: 'text', text: value }];
