import { oneOf, whole } from '../env-values.ts';
import { everywhere } from '../key-meta.ts';

/** How a process works, and what it says of itself. */
export const processKeys = {
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).prefault('info').meta({
    description: 'The least important level that is logged.',
    example: 'debug',
    default: 'info',
    used: everywhere,
    secret: false,
  }),
  METRICS_PORT: whole(0, 65_535)
    .prefault('0')
    .meta({
      description:
        'The port of a worker’s `/metrics` and `/readyz`. 0 = none. The API and the standalone program answer these on PORT.',
      example: '9464',
      default: '0',
      used: ['worker'],
      secret: false,
    }),
  WORKER_CONCURRENCY: whole(1, 10_000)
    .prefault('50')
    .meta({
      description:
        'Runs that one worker holds at once, of any tenants. A tenth more, and one at least, is kept for tenants with less than their share of these. A run that waits for a person, a timer or a child is not held.',
      example: '200',
      default: '50',
      used: ['worker', 'standalone'],
      secret: false,
    }),
  AUDIT_RETENTION_DAYS: whole(30, 3_650)
    .optional()
    .meta({
      description:
        'Days for which audit lines are kept of tenants that say nothing themselves. Older ones are removed; the chain stays provable. Without it, for ever.',
      example: '400',
      default: null,
      used: ['worker', 'standalone'],
      secret: false,
    }),
  TENANT_SLOTS: whole(1, 100_000)
    .prefault('100')
    .meta({
      description: 'Runs at once that a new tenant may have. More are queued.',
      example: '20',
      default: '100',
      used: ['cli', 'standalone'],
      secret: false,
    }),
  WAKE_HINTS: oneOf(['on', 'off']).prefault('on').meta({
    description:
      '`off` = workers find what is due by sweeping alone, once a second. Nothing is lost without hints, it is only slower.',
    example: 'off',
    default: 'on',
    used: everywhere,
    secret: false,
  }),
  DRAIN_TIMEOUT_MS: whole(0, 600_000).prefault('25000').meta({
    description:
      'Milliseconds that a process which was asked to end (SIGTERM) waits for calls and requests under way before it lets go of its runs and closes its connections. Set it below the grace of whatever stops the process.',
    example: '110000',
    default: '25000',
    used: everywhere,
    secret: false,
  }),
} as const;
