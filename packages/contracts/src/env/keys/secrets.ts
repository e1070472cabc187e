import { z } from 'zod';
import { everywhere } from '../key-meta.ts';

/** What tenants' secrets are sealed with. */
export const secretsKeys = {
  SECRETS_URL: z
    .string()
    .regex(/^local:\/\/(\/[^\0]*)?$/, { error: 'must be local://, or local:// and the absolute path of a key file' })
    .prefault('local://')
    .meta({
      description:
        'What seals the secrets of tenants. `local://` = AES-256-GCM with the key file `secrets.key` of DATA_DIR, made at the first start; `local:///path` = that key file. API and workers need the same one. Back it up apart from the database: without it secrets cannot be read.',
      example: 'local:///etc/holdfast/secrets.key',
      default: 'local://',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
} as const;
