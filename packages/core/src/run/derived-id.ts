import { hashOf } from './hash.ts';

/** A UUIDv7: the time (ms since 1970), and in place of chance a hash of what it is made from. */
export function derivedId(time: number, ...from: readonly string[]): string {
  const ms = time.toString(16).padStart(12, '0');
  const rest = hashOf([...from]);
  const variant = (8 + (Number.parseInt(rest.slice(3, 4), 16) % 4)).toString(16);
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${rest.slice(0, 3)}-${variant}${rest.slice(4, 7)}-${rest.slice(7, 19)}`;
}
