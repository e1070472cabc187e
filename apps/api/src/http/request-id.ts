import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const fits = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's own id when it is harmless in a log line; else a new one. */
export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && fits.test(given) ? given : randomUUID();
}
