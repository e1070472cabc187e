import { createHash } from 'node:crypto';
import type { ArtifactPart, Content } from '@holdfast/contracts';
import type { ArtifactStore, OutboundReply, RunRef } from '@holdfast/core';

const textual = /^(text\/|application\/(.*\+)?(json|xml|yaml|javascript|x-www-form-urlencoded|x-ndjson)\b)/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Texts of an answer as they are; everything else becomes a file of the run. Durable when it returns. */
export async function contentOf(
  artifacts: Pick<ArtifactStore, 'put'>,
  ref: RunRef,
  name: string,
  reply: OutboundReply,
): Promise<{ content: Content; artifacts: ArtifactPart[] }> {
  const { status, headers, body, truncated } = reply;
  const content: Content = [];
  const stored: ArtifactPart[] = [];
  const where = headers['location'] === undefined ? '' : `, location: ${headers['location']}`;
  if (status >= 300 || body.length === 0) content.push({ type: 'text', text: `HTTP ${status}${where}` });
  const text = textIn(reply);
  if (text !== null) {
    if (text !== '') content.push({ type: 'text', text });
  } else {
    const digest = createHash('sha256').update(body).digest('hex');
    await artifacts.put(ref, digest, body);
    const media_type = mediaType(reply).slice(0, 255) || 'application/octet-stream';
    const file: ArtifactPart = { type: 'artifact', digest, size: body.length, media_type, name };
    stored.push(file);
    content.push(file);
  }
  if (truncated) content.push({ type: 'text', text: `[Cut after ${body.length} bytes.]` });
  return { content, artifacts: stored };
}

/** The body as text, or null when it is none. */
export function textIn(reply: OutboundReply): string | null {
  const type = mediaType(reply);
  if (reply.headers['content-encoding'] !== undefined && reply.headers['content-encoding'] !== 'identity') return null;
  if (type !== '' && !textual.test(type)) return reply.body.length === 0 ? '' : null;
  try {
    const charset = /charset="?([\w-]+)/i.exec(reply.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
    if (type !== '') return new TextDecoder(charset).decode(reply.body);
    return utf8.decode(reply.body);
  } catch {
    // A charset that nobody knows, or, without a type, bytes that are no text.
    return type === '' ? null : new TextDecoder().decode(reply.body);
  }
}

const mediaType = ({ headers }: OutboundReply): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
