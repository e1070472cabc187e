import { type Role, role } from '@holdfast/contracts';
import type { TenantClaim } from './token-verifier.ts';

/** Where an issuer says what. Names are paths: `a.b.c`, or the whole text when there is such a claim. */
export interface ClaimRules {
  /** Tenants: an object of objects, names, or groups. */
  readonly tenant: string;
  /** Inside a tenant's object when there is one, else of the token. */
  readonly roles: string;
  /** The texts of `tenant` are groups of this form, `/tenants/{tenant}/{role}`; null = they are names. */
  readonly groups: string | null;
  /** It makes a platform admin when it holds `platform-admin`. */
  readonly platform: string;
}

export interface ReadClaims {
  readonly tenants: readonly TenantClaim[];
  readonly platformAdmin: boolean;
}

type Claims = Readonly<Record<string, unknown>>;

const PLATFORM_ADMIN = 'platform-admin';
const tenantName = /^[\p{L}\p{N}][\p{L}\p{N} ._@:-]{0,99}$/u;

/** What good claims say about tenants. What cannot be read gives nothing: no tenant, no role. */
export function readClaims(claims: Claims, rules: ClaimRules): ReadClaims {
  return {
    tenants: tenantsOf(claims, rules),
    platformAdmin: textsOf(valueAt(claims, rules.platform)).includes(PLATFORM_ADMIN),
  };
}

function tenantsOf(claims: Claims, rules: ClaimRules): readonly TenantClaim[] {
  const value = valueAt(claims, rules.tenant);
  if (isObject(value)) return Object.entries(value).flatMap(([name, said]) => tenantOf(name, said, rules));
  const texts = textsOf(value);
  if (rules.groups !== null) return groupedTenants(texts, rules.groups);
  const names = [...new Set(texts)].filter((name) => tenantName.test(name));
  // Roles that do not say for which tenant they are would make an admin of one an admin of all.
  const roles = names.length === 1 ? rolesOf(valueAt(claims, rules.roles)) : [];
  return names.map((name) => ({ externalId: null, name, roles }));
}

/** Keycloak's organizations. Their attributes stand beside `id`; only the path of the roles is believed. */
function tenantOf(name: string, said: unknown, rules: ClaimRules): TenantClaim[] {
  if (!tenantName.test(name) || !isObject(said)) return [];
  const id = said['id'];
  const externalId = typeof id === 'string' && id !== '' && id.length <= 255 ? id : null;
  return [{ externalId, name, roles: rolesOf(valueAt(said, rules.roles)) }];
}

function groupedTenants(groups: readonly string[], form: string): TenantClaim[] {
  const escaped = form.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(
    `^${escaped.replace('{tenant}', '(?<tenant>[^/]+)').replace('{role}', '(?<role>[^/]+)')}$`,
  );
  const found = new Map<string, Role[]>();
  for (const group of groups) {
    const { tenant, role: word } = pattern.exec(group)?.groups ?? {};
    if (tenant === undefined || word === undefined || !tenantName.test(tenant)) continue;
    found.set(tenant, [...new Set([...(found.get(tenant) ?? []), ...rolesOf(word)])]);
  }
  return [...found].map(([name, roles]) => ({ externalId: null, name, roles }));
}

/** Words that are no role here mean something elsewhere. */
const rolesOf = (value: unknown): Role[] => [
  ...new Set(textsOf(value).flatMap((word) => role.options.filter((known) => known === word))),
];

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function valueAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const part of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
