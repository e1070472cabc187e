import { z } from 'zod';

/**
 * Requests a second, counted over `RATE_WINDOW_SECONDS`: what comes at once may be as much as a whole window allows.
 * `caller`: of one key or member; `tenant`: of all of a tenant; `address`: of those who have not said who they are.
 */
export const defaultRates = {
  'caller.read': 200,
  'caller.write': 100,
  'caller.start': 100,
  'caller.stream': 20,
  'tenant.read': 500,
  'tenant.write': 250,
  'tenant.start': 200,
  'tenant.stream': 50,
  'address.open': 50,
  'address.auth': 5,
} as const;

export const RATE_WINDOW_SECONDS = 10;

export type RateName = keyof typeof defaultRates;
export type Rates = Readonly<Record<RateName, number>>;
export const rateNames = Object.keys(defaultRates) as RateName[];

/** How many of something a tenant may have. */
export const defaultQuotas = {
  agents: 1_000,
  budgets: 100,
  keys: 500,
  schedules: 1_000,
  secrets: 1_000,
  tool_servers: 200,
  upload_megabytes: 20_000,
  webhooks: 50,
} as const;

export type QuotaName = keyof typeof defaultQuotas;
export type Quotas = Readonly<Record<QuotaName, number>>;
export const quotaNames = Object.keys(defaultQuotas) as QuotaName[];

const MOST = 1_000_000;

/** Numbers that hold for one tenant alone; what is not named is as the installation has it. */
export type OwnLimits = Readonly<Partial<Record<RateName | QuotaName, number>>>;

const isOwnName = (name: string): name is RateName | QuotaName =>
  name in defaultQuotas || (name in defaultRates && !name.startsWith('address.'));

/** Names of limits that a tenant may have for itself; those of addresses concern no tenant. */
export const ownLimitNames: readonly (RateName | QuotaName)[] = [...rateNames, ...quotaNames].filter(isOwnName);

/** A rate of 0 would lock everybody out. */
const fits = (name: string, value: number): boolean => value <= MOST && value >= (name in defaultRates ? 1 : 0);

/**
 * The numbers of a list such as `caller.read=20,tenant.read=60`; null when it is not one: a name that is not among
 * `names`, one that stands there twice, a number that does not fit.
 */
export function limitsOfText<Name extends string>(
  text: string,
  names: readonly Name[],
): Readonly<Partial<Record<Name, number>>> | null {
  const found: Partial<Record<Name, number>> = {};
  for (const part of text.split(',')) {
    const [, given, digits] = /^\s*([a-z._]+)\s*=\s*(\d{1,7})\s*$/.exec(part) ?? [];
    const name = names.find((known) => known === given);
    if (name === undefined || digits === undefined || found[name] !== undefined) return null;
    if (!fits(name, Number(digits))) return null;
    found[name] = Number(digits);
  }
  return found;
}

/** As they are kept. Names that another release has are left out. */
export const ownLimits = z
  .record(z.string(), z.int().min(0).max(MOST))
  .transform((all): OwnLimits =>
    Object.fromEntries(Object.entries(all).filter(([name, n]) => isOwnName(name) && fits(name, n))),
  );
