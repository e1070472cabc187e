import { readFileSync } from 'node:fs';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type pg from 'pg';
import { DatabaseNotUsable } from './errors.ts';

/**
 * TLS as libpq's words mean it. `pg` itself takes `require`, `prefer` and `verify-ca` for `verify-full`; and of a host that is
 * an address it would check the name `localhost`.
 *
 * - none, `disable`: no TLS
 * - `require`: TLS; the certificate is not looked at, unless `sslrootcert` is named, which makes it `verify-ca`
 * - `verify-ca`: the certificate comes from `sslrootcert`
 * - `verify-full`: and is the host's. Without `sslrootcert`, from an authority that Node trusts (NODE_EXTRA_CA_CERTS)
 *
 * @throws DatabaseNotUsable `database_url_invalid`
 */
export function tlsOf(parameters: URLSearchParams, host: string): NonNullable<pg.ClientConfig['ssl']> {
  const mode = parameters.get('sslmode') ?? 'disable';
  const root = parameters.get('sslrootcert');
  // libpq's word for what the machine trusts.
  const ca = root === null || root === 'system' ? {} : { ca: read('sslrootcert', root) };
  const cert = parameters.get('sslcert');
  const key = parameters.get('sslkey');
  if ((cert === null) !== (key === null)) throw invalid('sslcert and sslkey belong together.');
  const client = cert === null || key === null ? {} : { cert: read('sslcert', cert), key: read('sslkey', key) };
  const settings = { ...ca, ...client };
  switch (mode) {
    case 'disable':
      if (Object.keys(settings).length > 0 || root !== null)
        throw invalid('sslrootcert, sslcert and sslkey need sslmode=require, verify-ca or verify-full.');
      return false;
    case 'require':
      return root === null ? { ...settings, rejectUnauthorized: false } : { ...settings, checkServerIdentity: anyName };
    case 'verify-ca':
      if (root === null) throw invalid('sslmode=verify-ca needs sslrootcert, the file of the authority.');
      return { ...settings, checkServerIdentity: anyName };
    case 'verify-full':
      return {
        ...settings,
        checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
      };
    default:
      throw invalid(`sslmode must be disable, require, verify-ca or verify-full; it is "${mode}".`);
  }
}

const anyName = (): undefined => undefined;

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

const invalid = (message: string): DatabaseNotUsable => new DatabaseNotUsable('database_url_invalid', message);
