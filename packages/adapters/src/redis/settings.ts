import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '@holdfast/contracts';

export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  /** The number of its database. */
  readonly database: number;
  readonly username: string | null;
  readonly password: string | null;
  /** null = no TLS. `ca`: PEM; null = whom Node trusts. */
  readonly tls: { readonly ca: string | null } | null;
}

/** The file of REDIS_TLS_CA_PATH cannot be used. */
export class RedisCaInvalid extends Error {
  override readonly name = 'RedisCaInvalid';
  readonly code = 'redis_ca_invalid';
}

/** As configured, with the file of the authorities read. @throws RedisCaInvalid */
export function redisSettings(
  { tls, ...server }: NonNullable<Config['redis']>,
  login: Config['secrets']['redis'],
): RedisSettings {
  return {
    ...server,
    username: login?.username ?? null,
    password: login?.password ?? null,
    tls: tls === null ? null : { ca: tls.caFile === null ? null : readAuthorities(tls.caFile) },
  };
}

function readAuthorities(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    // Node takes a file without any certificate, and then trusts nobody.
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('it holds no certificate in PEM');
    createSecureContext({ ca: pem });
    return pem;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RedisCaInvalid(`REDIS_TLS_CA_PATH: the file ${file} cannot be used: ${why}`, { cause: error });
  }
}

/** Where it is, without who asks. */
export const addressOf = ({ host, port }: RedisSettings): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
