import { existsSync } from 'node:fs';
import { parseEnv } from '@holdfast/contracts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { show } from '../output.ts';

/**
 * Works on the database and the key file themselves, as whoever runs Holdfast: on Postgres at any time, on PGlite while
 * the server is stopped.
 */
export async function rotateKey({ surroundings, output }: Context): Promise<void> {
  const { LocalCipher } = await import('@holdfast/adapters/secrets');
  const { rotateSecretKey } = await import('@holdfast/core');
  const { onOwned } = await import('../owned-database.ts');
  const config = parseEnv(surroundings.env);
  const { secretsKeyFile } = config;
  if (!existsSync(secretsKeyFile))
    throw new Failure(`There is no key file ${secretsKeyFile}: set SECRETS_URL or DATA_DIR as the server has it.`);
  const rotated = await onOwned(config, async (database) =>
    rotateSecretKey(await database.sealed(), new LocalCipher(secretsKeyFile)),
  );
  show(
    output(),
    { key_id: rotated.keyId, resealed: rotated.resealed },
    () => `The key is ${rotated.keyId}; ${rotated.resealed} secrets were sealed anew. Back up ${secretsKeyFile}.`,
  );
}
