import { BlockList, isIP, isIPv6 } from 'node:net';

/** What is not the public internet: special-purpose ranges of the IANA registries, and addresses of cloud metadata. */
const ranges: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // The host's own services on Azure, under a public address.
  ['168.63.129.16', 32],
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  // Teredo, 6to4: an IPv4 address inside decides where they go.
  ['2001::', 32],
  ['2002::', 16],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const forbidden = blockListOf(ranges);

/** Whether an address (an IP literal) may not be called. What is no address may not. */
export function isForbiddenAddress(address: string): boolean {
  const plain = embeddedIPv4(address) ?? address;
  const family = isIP(plain);
  return family === 0 || forbidden.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** Whether an address lies in one of the ranges, IPv4 inside IPv6 unwrapped. */
export function liesIn(list: BlockList, address: string): boolean {
  const plain = embeddedIPv4(address) ?? address;
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}

export function blockListOf(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of subnets) list.addSubnet(address, bits, isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
}

/** The IPv4 address in `::ffff:a.b.c.d` or `64:ff9b::a.b.c.d`, in whatever spelling; null in any other address. */
function embeddedIPv4(address: string): string | null {
  if (!isIPv6(address)) return null;
  const groups = groupsOf(address);
  const prefix = groups.slice(0, 6).join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return null;
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups, without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser knows every spelling and writes one.
  const plain = new URL(`http://[${address.split('%')[0] ?? ''}]/`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
}
