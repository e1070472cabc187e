import type { RunEvent } from '@holdfast/contracts';
import { payloadDigest } from './event-codec.ts';

/** Digests of all that these events refer to: payloads that were too large for their rows, files and images. */
export function fileDigests(payloads: readonly string[], events: readonly RunEvent[]): ReadonlySet<string> {
  const digests = new Set<string>();
  for (const payload of payloads) {
    const digest = payloadDigest(payload);
    if (digest !== null) digests.add(digest);
  }
  for (const event of events) collect(event.data, digests);
  return digests;
}

/** Digests of the file and image parts anywhere in an event's facts. */
function collect(value: unknown, digests: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (
    'type' in value &&
    (value.type === 'artifact' || value.type === 'image') &&
    'digest' in value &&
    typeof value.digest === 'string'
  )
    digests.add(value.digest);
  for (const item of Object.values(value)) collect(item, digests);
}
