import { path, redisUrl } from '../env-values.ts';
import { everywhere } from '../key-meta.ts';

/** What processes tell each other quickly, and count together. */
export const redisKeys = {
  REDIS_URL: redisUrl.prefault('memory://').meta({
    description:
      'What processes tell each other beside the database: words of models as they come, wake-ups, counts of rate limits. `memory://` = nothing beyond each process; wake-ups go through the database. `redis://user:password@host:6379/0` = a Redis or Valkey; `rediss://` = over TLS. Nothing is kept there; while it is away everything goes on. See the page of the cache.',
    example: 'rediss://holdfast:secret@valkey:6379/0',
    default: 'memory://',
    used: [...everywhere, 'cli'],
    secret: true,
  }),
  REDIS_TLS_CA_PATH: path.optional().meta({
    description:
      'A PEM file of the authorities that the certificate of a `rediss://` server may come from. Without it, those that Node trusts.',
    example: '/etc/holdfast/redis-ca.pem',
    default: null,
    used: [...everywhere, 'cli'],
    secret: false,
  }),
} as const;
