import { z } from 'zod';
import { databaseUrl, postgresUrl, whole } from '../env-values.ts';
import { driving, everywhere } from '../key-meta.ts';

/** Where everything is kept. */
export const databaseKeys = {
  DATABASE_URL: databaseUrl.prefault('pglite://').meta({
    description:
      'Where everything is kept. `pglite://` is a Postgres inside the process, in the folder `database` of DATA_DIR or in the one named after `pglite://`. With `postgres://` or `postgresql://` it may be behind a pooler, and name several hosts, of which the one that takes writes is used (`postgres://user:secret@a,b/holdfast`). TLS by `sslmode`, `sslrootcert`, `sslcert` and `sslkey`: see the page on Postgres.',
    example: 'postgres://holdfast_api:secret@db:5432/holdfast',
    default: 'pglite://',
    used: [...everywhere, 'cli'],
    secret: true,
  }),
  DATABASE_DIRECT_URL: postgresUrl.optional().meta({
    description:
      'The same database past a pooler: one session per process, for leases and wake-ups. Without it, DATABASE_URL serves for these too.',
    example: 'postgres://holdfast_worker:secret@db:5432/holdfast',
    default: null,
    used: [...everywhere, 'cli'],
    secret: true,
  }),
  DATABASE_MIGRATE_URL: postgresUrl.optional().meta({
    description: 'The login that owns the tables, for migrations. Without it, DATABASE_DIRECT_URL or DATABASE_URL.',
    example: 'postgres://holdfast_owner:secret@db:5432/holdfast',
    default: null,
    used: ['cli', 'standalone'],
    secret: true,
  }),
  DATABASE_POOL_SIZE: whole(2, 1_000)
    .prefault('10')
    .meta({
      description:
        'Connections of one process to DATABASE_URL, at most; one direct session comes on top. All processes together must stay below `max_connections`: see the page on Postgres.',
      example: '20',
      default: '10',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
  DATABASE_STATEMENT_TIMEOUT_MS: whole(0, 3_600_000)
    .prefault('30000')
    .meta({
      description:
        'Milliseconds after which the server ends a statement of the API or a worker (the caller gets 503 `database_busy`), and a transaction in which nothing happens (503 `database_unavailable`). 0 = none. Migrations have none.',
      example: '60000',
      default: '30000',
      used: [...everywhere],
      secret: false,
    }),
  DATABASE_LOCK_TIMEOUT_MS: whole(0, 3_600_000)
    .prefault('10000')
    .meta({
      description:
        'Milliseconds that a statement, of a migration too, waits for a lock; the caller gets 503 `database_busy`. 0 = no limit.',
      example: '5000',
      default: '10000',
      used: [...everywhere, 'cli'],
      secret: false,
    }),
  INSTALLATION_ID: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, { error: 'must be up to 100 letters, digits and . : _ -' })
    .optional()
    .meta({
      description:
        'Which installation this is, a name of your own. Where workers with another one have begun on the database before, or it has an id that is not this, it is a copy: everything is frozen until `holdfast thaw`. See the runbook on restores.',
      example: 'acme-staging',
      default: null,
      used: driving,
      secret: false,
    }),
} as const;
