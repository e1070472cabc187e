import { urlsOfHosts } from '@holdfast/contracts';
import type pg from 'pg';
import { DatabaseNotUsable } from './errors.ts';
import { tlsOf } from './tls.ts';

/** How one host is connected to. */
export type HostConfig = Pick<pg.ClientConfig, 'connectionString' | 'ssl'>;

/** What a URL names. */
export interface Target {
  /** In the order of the URL. */
  readonly hosts: readonly HostConfig[];
  /** Only a host that takes writes is used: with several of them, or where the URL says so. */
  readonly readWrite: boolean;
  /** Hosts and database, without user and password. */
  readonly shown: string;
}

const ATTRS = 'target_session_attrs';
const ours = [ATTRS, 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
/** What cannot be promised is refused: a standby takes no writes. */
const writable = new Set(['read-write', 'primary']);

/**
 * Several hosts and `target_session_attrs` are unknown to `pg`, and what it makes of `sslmode` is not what libpq says; so
 * both are read here, and it gets one host with its TLS. @throws DatabaseNotUsable `database_url_invalid`
 */
export function targetOf(text: string): Target {
  const urls = urlsOfHosts(text).map(parsed);
  const attrs = urls[0]?.searchParams.get(ATTRS) ?? null;
  if (attrs !== null && attrs !== 'any' && !writable.has(attrs))
    throw new DatabaseNotUsable('database_url_invalid', `${ATTRS} must be read-write or primary; it is "${attrs}".`);
  const hosts = urls.map((url) => {
    const ssl = tlsOf(url.searchParams, url.hostname.replaceAll(/^\[|\]$/g, ''));
    const rest = new URL(url);
    for (const name of ours) rest.searchParams.delete(name);
    return { connectionString: rest.href, ssl };
  });
  const shown = `${urls.map(({ host }) => host).join(',')}${urls[0]?.pathname ?? ''}`;
  return { hosts, readWrite: hosts.length > 1 || (attrs !== null && writable.has(attrs)), shown };
}

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch (error) {
    throw new DatabaseNotUsable('database_url_invalid', 'DATABASE_URL is not a url.', { cause: error });
  }
}
