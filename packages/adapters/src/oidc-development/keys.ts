import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

const keyFile = z.object({
  /** For signing; the first signs. */
  jwks: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).nonempty(),
  /** For cookies; the first signs. */
  cookies: z.array(z.string()).nonempty(),
});
export type ProviderKeys = z.output<typeof keyFile>;

/** The keys that outlive a restart. Made when there is no file, or one that cannot be read. */
export async function keptKeys(path: string): Promise<ProviderKeys> {
  const kept = read(path);
  if (kept !== null) return kept;
  const made = { jwks: [await signingKey()], cookies: [randomBytes(32).toString('base64url')] } satisfies ProviderKeys;
  return keep(path, made);
}

/** A new key signs from now on; the others go on being shown, so that tokens they signed stay good. */
export async function rotated(path: string, keys: ProviderKeys): Promise<ProviderKeys> {
  return keep(path, { ...keys, jwks: [await signingKey(), ...keys.jwks] });
}

/** Whole or not at all. */
function keep(path: string, keys: ProviderKeys): ProviderKeys {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(keys)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
  return keys;
}

function read(path: string): ProviderKeys | null {
  try {
    return keyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

async function signingKey(): Promise<ProviderKeys['jwks'][number]> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kty: 'RSA', kid: randomUUID(), use: 'sig', alg: 'RS256' };
}
