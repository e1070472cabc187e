import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';

const fits = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The id that the edge has given the request, when it is harmless in a log line; else a new one. Only the addresses and
 * ranges of the edge are believed: else anybody could give their requests the ids of others'.
 */
export function requestIds(trusted: readonly string[]): (request: IncomingMessage) => string {
  const edge = new BlockList();
  for (const range of trusted) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) edge.addAddress(address, family);
    else edge.addSubnet(address, Number(bits), family);
  }
  return ({ headers, socket: { remoteAddress: from = '' } }) => {
    const given = headers['x-request-id'];
    const isEdge = from !== '' && edge.check(from, isIPv6(from) ? 'ipv6' : 'ipv4');
    return isEdge && typeof given === 'string' && fits.test(given) ? given : randomUUID();
  };
}
