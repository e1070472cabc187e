import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { type AllowList } from './allow-list.ts';
import { isForbiddenAddress } from './forbidden-addresses.ts';

/** The address, or one to which the name resolves, is not on the public internet. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** All addresses of a name, as `dns.lookup` gives them. */
export type Lookup = (
  host: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly dns.LookupAddress[]) => void,
) => void;

export const systemLookup: Lookup = (host, done) => dns.lookup(host, { all: true, verbatim: true }, done);

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects to public addresses only. The check is made on the addresses that are then connected to, so a name that
 * resolves differently the next time gains nothing. `lookup` alone would not do: it is not asked about IP literals.
 */
export function guardedConnector(allow: AllowList, lookup: Lookup): buildConnector.connector {
  const common = { timeout: CONNECT_TIMEOUT_MS, maxCachedSessions: 0 };
  const open = buildConnector({ ...common, lookup: asNodeLookup(lookup) });
  const guarded = buildConnector({ ...common, lookup: asNodeLookup(checked(allow, lookup)) });
  return (options, callback) => {
    const { hostname, protocol } = options;
    const port = Number(options.port) || (protocol === 'https:' ? 443 : 80);
    if (allow.names(hostname, port)) return open(options, callback);
    if (isIP(hostname) !== 0 && !isAllowed(allow, hostname)) return callback(refusalOf(hostname, hostname, port), null);
    return guarded(options, callback);
  };
}

/** One forbidden address among several is enough to refuse the name. */
const checked =
  (allow: AllowList, lookup: Lookup): Lookup =>
  (host, done) =>
    lookup(host, (error, addresses) => {
      const bad = addresses?.find(({ address }) => !isAllowed(allow, address));
      if (error !== null || bad === undefined) return done(error, addresses);
      return done(refusalOf(host, bad.address), []);
    });

export const isAllowed = (allow: AllowList, address: string): boolean =>
  !isForbiddenAddress(address) || allow.holds(address);

export const refusalOf = (host: string, address: string, port?: number): AddressRefused =>
  new AddressRefused(
    `${host === address ? address : `${host} (${address})`} is not on the public internet; ` +
      `OUTBOUND_ALLOW can name ${host}${port === undefined ? '' : `:${port}`}`,
  );

function asNodeLookup(lookup: Lookup): LookupFunction {
  return (host, options, callback) =>
    lookup(host, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) return callback(error, []);
      if (first === undefined) return callback(new Error(`${host} has no address`), []);
      return options.all === true ? callback(null, [...addresses]) : callback(null, first.address, first.family);
    });
}
