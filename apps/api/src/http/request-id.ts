import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isFrom } from './trusted-proxies.ts';

const fits = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The id that the edge has given the request, when it is harmless in a log line; else a new one. Only the addresses and
 * ranges of the edge are believed: else anybody could give their requests the ids of others'.
 */
export function requestIds(trusted: readonly string[]): (request: IncomingMessage) => string {
  const isEdge = isFrom(trusted);
  return ({ headers, socket }) => {
    const given = headers['x-request-id'];
    return isEdge(socket.remoteAddress) && typeof given === 'string' && fits.test(given) ? given : randomUUID();
  };
}
