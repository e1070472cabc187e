import { BlockList, isIPv6 } from 'node:net';

/** Whether a connection is from one of these addresses and ranges. */
export function isFrom(trusted: readonly string[]): (address: string | undefined) => boolean {
  const proxies = new BlockList();
  for (const range of trusted) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  }
  return (address = '') => address !== '' && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
