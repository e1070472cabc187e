import { z } from 'zod';
import { defaultQuotas, defaultRates } from '../../limits.ts';
import { baseUrl, originList, quotas, ranges, rates, whole } from '../env-values.ts';
import { everywhere } from '../key-meta.ts';

const DEFAULT_PORT = '7070';

function textOf(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([name, number]) => `${name}=${number}`)
    .join(', ');
}

/** What the API listens on, and what it lets through. */
export const httpKeys = {
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, { error: 'must be a host name or an address' })
    .prefault('127.0.0.1')
    .meta({
      description:
        'The address to listen on, for PORT and METRICS_PORT. `0.0.0.0` = every IPv4 address of the machine.',
      example: '0.0.0.0',
      default: '127.0.0.1',
      used: everywhere,
      secret: false,
    }),
  PORT: whole(0, 65_535)
    .prefault(DEFAULT_PORT)
    .meta({
      description: 'The port of the API. 0 = any that is free, shown at start.',
      example: '8080',
      default: DEFAULT_PORT,
      used: ['api', 'standalone'],
      secret: false,
    }),
  PUBLIC_BASE_URL: baseUrl.optional().meta({
    description: 'How the world reaches the API, for links. Without it: http, HOST and PORT.',
    example: 'https://holdfast.example.com',
    default: null,
    used: everywhere,
    secret: false,
  }),
  CORS_ORIGINS: originList.optional().meta({
    description:
      'Pages of these origins may use the API from a browser, with an API key of their own. Without it, no browser page may.',
    example: 'https://app.example.com,http://localhost:5173',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  TRUSTED_PROXIES: ranges.optional().meta({
    description:
      'Addresses and ranges of the edge in front of the API. From these alone X-Forwarded-For, X-Forwarded-Proto and X-Request-Id are believed. Without it, whoever connects is the client.',
    example: '10.0.0.0/8,fd00::/8',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  RATE_LIMITS: rates.optional().meta({
    description: `Requests a second, counted over ten seconds, that are answered before others are refused with 429: a comma list of name=number, where what is not named keeps its default (${textOf(defaultRates)}). \`off\` = no limits. A tenant may have numbers of its own: \`holdfast limits set\`.`,
    example: 'caller.read=50,tenant.read=150',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
  QUOTAS: quotas.optional().meta({
    description: `How many of something a tenant may have: a comma list of name=number, where what is not named keeps its default (${textOf(defaultQuotas)}). A tenant may have numbers of its own: \`holdfast limits set\`.`,
    example: 'agents=200,keys=50',
    default: null,
    used: ['api', 'standalone'],
    secret: false,
  }),
} as const;
