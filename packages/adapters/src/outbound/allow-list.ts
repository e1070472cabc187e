import { isIP, isIPv6 } from 'node:net';
import { blockListOf, liesIn } from './forbidden-addresses.ts';

/** What OUTBOUND_ALLOW lets through although the guard would refuse it. */
export interface AllowList {
  /** The host is named, with this port or with none. */
  names(host: string, port: number): boolean;
  /** The address lies in a range that is named. */
  holds(address: string): boolean;
}

/** Entries are `host`, `host:port`, an address, or a range such as `10.1.0.0/16`. */
export function allowListOf(entries: readonly string[]): AllowList {
  const ranges: [string, number][] = [];
  const hosts = new Set<string>();
  for (const entry of entries.map((text) => text.toLowerCase())) {
    const [address = '', bits] = entry.split('/');
    const bare = unbracketed(address);
    if (isIP(bare) !== 0) ranges.push([bare, bits === undefined ? (isIPv6(bare) ? 128 : 32) : Number(bits)]);
    else hosts.add(entry);
  }
  const list = blockListOf(ranges);
  return {
    names: (host, port) => {
      const name = nameOf(host);
      return hosts.has(name) || hosts.has(`${name}:${port}`);
    },
    holds: (address) => liesIn(list, address),
  };
}

/** As it stands in the list: lower case, no dot at the end, IPv6 in brackets. */
function nameOf(host: string): string {
  const lower = unbracketed(host.toLowerCase()).replace(/\.$/, '');
  return isIPv6(lower) ? `[${lower}]` : lower;
}

export const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
