import type { StoredEvent } from '../log/stored-event.ts';

/**
 * The event as readers see it, as JSON text on one line. The stored payload is JSON already and is not parsed again;
 * one that was too large for its row stays a `payload_ref`, whose digest is read as an artifact of the run.
 */
export const wireText = (run: string, { seq, type, format, at, payload }: StoredEvent): string =>
  `{"run_id":"${run}","seq":${seq},"type":${JSON.stringify(type)},"format":${format},` +
  `"at":"${new Date(at).toISOString()}","data":${payload}}`;
