import { z } from 'zod';
import { claimText, oneOf, path, temporalName } from '../env-values.ts';
import { driving } from '../key-meta.ts';

/** The engine that carries runs, where it is not the workers themselves. */
export const temporalKeys = {
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^(\[[0-9a-f:]+\]|[\w.-]+):\d{1,5}$/i, { error: 'must be host:port' })
    .optional()
    .meta({
      description:
        'The Temporal server that carries runs. Without it, workers carry them by themselves. All runs move at once when workers with another setting begin; the log stays in the database. The API needs no access to Temporal.',
      example: 'temporal:7233',
      default: null,
      used: [...driving],
      secret: false,
    }),
  TEMPORAL_NAMESPACE: temporalName.prefault('default').meta({
    description: 'The namespace in Temporal. It must exist; `holdfast migrate` gives it its search attributes.',
    example: 'holdfast',
    default: 'default',
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TASK_QUEUE: temporalName.prefault('holdfast').meta({
    description: 'The task queue on which workflows wait for a worker.',
    example: 'holdfast-prod',
    default: 'holdfast',
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_ADVANCE_TASK_QUEUE: temporalName.optional().meta({
    description:
      'The task queue on which the work itself (calls of models and tools) waits for a worker: one of its own keeps it apart from the workflows’ short tasks. Without it, TEMPORAL_TASK_QUEUE, which is faster.',
    example: 'holdfast-work',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_API_KEY: z
    .string()
    .regex(/^[\x21-\x7E]+$/, { error: 'must be printable ASCII without spaces' })
    .optional()
    .meta({
      description: 'An API key of Temporal Cloud, or a token that the cluster’s authorizer takes. It turns TLS on.',
      example: 'tk-secret',
      default: null,
      used: [...driving],
      secret: true,
    }),
  TEMPORAL_TOKEN_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .optional()
    .meta({
      description:
        'Where an OIDC issuer gives access tokens by client credentials, for a cluster whose authorizer takes such tokens. They are renewed by themselves. It turns TLS on, unless TEMPORAL_TLS is `false`.',
      example: 'https://id.example.com/realms/holdfast/protocol/openid-connect/token',
      default: null,
      used: [...driving],
      secret: false,
    }),
  TEMPORAL_TOKEN_CLIENT_ID: claimText.prefault('temporal-worker').meta({
    description: 'The client at TEMPORAL_TOKEN_URL.',
    example: 'temporal-worker',
    default: 'temporal-worker',
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TOKEN_CLIENT_SECRET: claimText.optional().meta({
    description: 'The secret of that client.',
    example: 'as-the-issuer-gave-it',
    default: null,
    used: [...driving],
    secret: true,
  }),
  TEMPORAL_TLS: oneOf(['true', 'false'])
    .optional()
    .meta({
      description:
        '`true` = TLS, the server’s certificate checked against what the machine trusts. Any other TEMPORAL_TLS_… turns it on, too.',
      example: 'true',
      default: null,
      used: [...driving],
      secret: false,
    }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: path.optional().meta({
    description: 'A PEM file of the authorities that the server’s certificate may come from.',
    example: '/etc/holdfast/temporal/ca.pem',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: path.optional().meta({
    description: 'A PEM file with our certificate, for mTLS.',
    example: '/etc/holdfast/temporal/client.pem',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: path.optional().meta({
    description: 'A PEM file with the key of our certificate.',
    example: '/etc/holdfast/temporal/client.key',
    default: null,
    used: [...driving],
    secret: false,
  }),
  TEMPORAL_TLS_SERVER_NAME: z
    .string()
    .regex(/^[\w.-]+$/, { error: 'must be a host name' })
    .optional()
    .meta({
      description: 'The name that the server’s certificate must have, where it is not that of TEMPORAL_ADDRESS.',
      example: 'temporal.internal',
      default: null,
      used: [...driving],
      secret: false,
    }),
} as const;
