import { z } from 'zod';
import { type KeyMeta, keyMeta } from './key-meta.ts';
import { artifactsKeys } from './keys/artifacts.ts';
import { databaseKeys } from './keys/database.ts';
import { httpKeys } from './keys/http.ts';
import { modelsKeys } from './keys/models.ts';
import { oidcKeys } from './keys/oidc.ts';
import { processKeys } from './keys/process.ts';
import { redisKeys } from './keys/redis.ts';
import { secretsKeys } from './keys/secrets.ts';
import { temporalKeys } from './keys/temporal.ts';
import { toolsKeys } from './keys/tools.ts';

/**
 * The environment contract: every key that Holdfast reads, and nothing else is read. Unknown keys are let be.
 * An empty value is as good as none. The reference page and `.env.example` are made from it.
 */
export const envKeys = {
  ...databaseKeys,
  ...redisKeys,
  ...artifactsKeys,
  ...httpKeys,
  ...oidcKeys,
  ...toolsKeys,
  ...secretsKeys,
  ...modelsKeys,
  ...temporalKeys,
  ...processKeys,
} as const;

export const env = z.object(envKeys);
export type EnvKey = keyof typeof envKeys;

export const envKeyNames = Object.keys(envKeys) as EnvKey[];

/** What is told about a key. */
export const metaOf = (key: EnvKey): KeyMeta => keyMeta.parse(envKeys[key].meta());

/** The keys that may come as a file as well, which `<KEY>_FILE` names. */
export const secretKeys: readonly EnvKey[] = envKeyNames.filter((key) => metaOf(key).secret);
