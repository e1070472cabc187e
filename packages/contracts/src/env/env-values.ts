import { z } from 'zod';
import {
  defaultQuotas,
  defaultRates,
  limitsOfText,
  quotaNames,
  type Quotas,
  rateNames,
  type Rates,
} from '../limits.ts';
import { isPostgresUrl } from './postgres-url.ts';

// What a value of the environment may look like; each refuses with a line that says what it must be.

export function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
}

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

export const postgresUrl = z.string().refine(isPostgresUrl, {
  error: 'must be a URL that begins with postgres:// or postgresql://',
});

export const databaseUrl = z
  .string()
  .refine((value) => value.startsWith('pglite://') || postgresUrl.safeParse(value).success, {
    error: 'must begin with pglite:// (a folder, or nothing), postgres:// or postgresql://',
  });

/** Settings behind `?` would be hidden ones: whatever the client's library happens to know. */
export const redisUrl = z.string().refine((value) => value === 'memory://' || isRedisUrl(value), {
  error:
    'must be memory://, or redis:// or rediss:// (TLS) with a host, and at most a user, a password, a port and the number of a database; percent-encode what is special in a password; no ? and #',
});

function isRedisUrl(value: string): boolean {
  if (!/^rediss?:\/\/[^?#\s]+$/.test(value) || !URL.canParse(value)) return false;
  const { hostname, pathname, username, password } = new URL(value);
  if (hostname === '' || !/^(\/\d{0,5})?$/.test(pathname)) return false;
  try {
    for (const part of [hostname, username, password]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

export const baseUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:\/\/[^?#]+$/.test(value), {
    error: 'must be a URL that begins with http:// or https://, without ? and #',
  })
  .transform((value) => value.replace(/\/+$/, ''));

export const bucketName = z.string().regex(/^(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
  error: 'must be 3 to 63 lower-case letters, digits, . and -',
});

/** How the store is to encrypt what is written. `keyId`: null = the account's own key. */
export type BucketEncryption =
  | { readonly type: 'none' }
  | { readonly type: 'AES256' }
  | { readonly type: 'aws:kms'; readonly keyId: string | null };

export const bucketEncryption = z.string().transform((text, context): BucketEncryption => {
  if (text === 'none' || text === 'AES256') return { type: text };
  const [, keyId] = /^aws:kms(?::([\w.:/-]{1,2048}))?$/.exec(text) ?? [null, null];
  if (keyId !== null) return { type: 'aws:kms', keyId: keyId ?? null };
  context.addIssue('must be none, AES256, aws:kms or aws:kms:<key id>');
  return z.NEVER;
});

const commaList = z.string().transform((value) =>
  value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
);

const allowEntry =
  /^([a-z0-9][a-z0-9.-]*(:\d{1,5})?|\d+\.\d+\.\d+\.\d+(\/([12]?\d|3[0-2]))?|\[?[0-9a-f:]*:[0-9a-f:.]*\]?(\/(\d{1,2}|1[01]\d|12[0-8]))?|\[[0-9a-f:.]+\]:\d{1,5})$/i;

export const allowList = commaList.refine((entries) => entries.every((entry) => allowEntry.test(entry)), {
  error: 'must be a comma list of host, host:port, addresses and ranges',
});

const origin = z.string().refine((value) => URL.canParse(value) && new URL(value).origin === value, {
  error: 'must be origins such as https://app.example.com, with commas between them, without a path',
});

export const originList = commaList.pipe(z.array(origin));

export const ranges = commaList.pipe(
  z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
      error: 'must be a comma list of addresses and ranges, such as 10.0.0.0/8',
    }),
  ),
);

export const rates = z.string().transform((text, context): Rates | null => {
  if (text === 'off') return null;
  const given = limitsOfText(text, rateNames);
  if (given !== null) return { ...defaultRates, ...given };
  context.addIssue(`must be off, or a comma list of name=number (from 1): ${rateNames.join(', ')}`);
  return z.NEVER;
});

export const quotas = z.string().transform((text, context): Quotas => {
  const given = limitsOfText(text, quotaNames);
  if (given !== null) return { ...defaultQuotas, ...given };
  context.addIssue(`must be a comma list of name=number: ${quotaNames.join(', ')}`);
  return z.NEVER;
});

export const modelBaseUrl = baseUrl.refine((value) => new URL(value).username === '', {
  error: 'must have no user or password: give the key apart',
});

export const temporalName = z
  .string()
  .regex(/^[\w.-]{1,200}$/, { error: 'must be letters, digits, _ . and -, at most 200' });

export const path = z.string().refine((value) => !value.includes('\0'), { error: 'must be a path' });

export const issuerUrl = z.string().refine((value) => URL.canParse(value) && /^https?:\/\/[^?#@]+$/.test(value), {
  error: 'must be a URL that begins with https:// or http://, without user, ? and #',
});

export const claimText = z.string().regex(/^[^\p{Cc}]{1,200}$/u, { error: 'must be at most 200 characters' });

export const groupForm = claimText.refine(
  (value) => value.split('{tenant}').length === 2 && value.split('{role}').length === 2,
  {
    error: 'must hold {tenant} and {role} once each',
  },
);
