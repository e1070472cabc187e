import { type Actor, HoldfastError } from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Entrance } from '../identity/entrance.ts';
import type { Member } from '../identity/member.ts';
import {
  IssuerUnavailable,
  type TenantClaim,
  type TokenIdentity,
  TokenRefused,
  type TokenVerifier,
} from '../identity/token-verifier.ts';
import { DatabaseUnavailable } from '../log/run-store.ts';
import { effectiveRoles, mayDo, type Operation } from '../policies/permissions.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { hashSecret, type ParsedKey, parseKey, sameText } from './api-key.ts';
import type { Authenticated, PlatformCaller } from './caller.ts';
import type { FoundKey, KeyStore, StoredKey } from './key-store.ts';
import { refused } from './refused.ts';

const MINUTE_MS = 60_000;

export interface AuthenticationPorts {
  readonly keys: Pick<KeyStore, 'find' | 'used'>;
  readonly entrance: Entrance;
  /** null = API keys alone are taken. */
  readonly tokens: {
    readonly verifier: TokenVerifier;
    /** Runs at once of a tenant that a token makes; null = tokens make none. */
    readonly slots: number | null;
  } | null;
  /** Logins of browsers; null = there are none. `accessToken`: null = the session is over. */
  readonly sessions: { accessToken(secret: string): Promise<string | null> } | null;
}

/** What a request says about who asks. */
export interface Credentials {
  /** The header of that name. */
  readonly authorization: string | undefined;
  /** The value of the session cookie, where it is that which counts. */
  readonly session?: string;
  /** The tenant that was chosen, by name or id; null = none. */
  readonly tenant: string | null;
}

/**
 * The caller behind the credentials. `now` is ms since 1970. Asked for each request, so that a revoked key and a disabled
 * member are refused from the next one on.
 * @throws HoldfastError `unauthenticated`, the same for no key, a malformed, an unknown and a wrong one, and for every
 * token that is refused (`cause` has the reason); `key_expired`, `tenant_required`, `tenant_forbidden`,
 * `tenant_suspended`, `member_disabled`. IssuerUnavailable.
 */
export async function authenticate(
  ports: AuthenticationPorts,
  credentials: Credentials,
  now: number,
): Promise<Authenticated> {
  const text = await bearerOf(ports, credentials);
  const parsed = parseKey(text);
  if (parsed === null) {
    const caller = await byToken(ports, await identify(ports, text), credentials.tenant);
    // A session outlives its tokens.
    return credentials.session === undefined ? caller : { ...caller, until: null };
  }
  const { tenant, id } = parsed;
  const stored = await goodKey(ports, parsed, now);
  if (credentials.tenant !== null && ![tenant, stored.tenant.name].includes(credentials.tenant))
    throw tenantForbidden(`This API key is of the tenant ${stored.tenant.name}`, [stored.tenant.name]);
  if (stored.tenant.suspendedAt !== null) throw tenantSuspended();
  if (stored.memberDisabled) throw memberDisabled();
  if (stored.lastUsedAt === null || now - stored.lastUsedAt >= MINUTE_MS)
    await noteUse(ports.keys, { tenant }, id, now);
  const { member, name } = stored;
  const by = { type: 'api-key', id: stored.id, roles: effectiveRoles(stored.roles) } as const;
  return { tenant, by: { ...by, ...(member === undefined ? {} : { member }) }, name, until: null };
}

/**
 * Whoever asks for something above all tenants; whether they may, `platformAdmin` says. A good API key is nobody there.
 * @throws HoldfastError as `authenticate`. IssuerUnavailable.
 */
export async function authenticatePlatform(
  ports: AuthenticationPorts,
  credentials: Credentials,
  now: number,
): Promise<PlatformCaller> {
  const text = await bearerOf(ports, credentials);
  if (parseKey(text) !== null) {
    const { by } = await authenticate(ports, credentials, now);
    return { by, platformAdmin: false };
  }
  const { kind, subject, platformAdmin } = await identify(ports, text);
  return { by: { type: kind, id: subject, roles: [] }, platformAdmin };
}

/**
 * Whether the credentials are good, and nothing of what they are good for: what the edge asks before it passes a request on.
 * Makes no tenant and no member, and notes no use.
 * @throws HoldfastError `unauthenticated`, `key_expired`, as `authenticate`. IssuerUnavailable.
 */
export async function verifyCredentials(
  ports: AuthenticationPorts,
  credentials: Credentials,
  now: number,
): Promise<void> {
  const text = await bearerOf(ports, credentials);
  const key = parseKey(text);
  if (key === null) await identify(ports, text);
  else await goodKey(ports, key, now);
}

/** Whether they may still do it now; for what goes on after they were let in. */
export async function mayGoOn(
  ports: AuthenticationPorts,
  credentials: Credentials,
  operation: Operation,
  now: number,
): Promise<boolean> {
  try {
    const { by } = await authenticate(ports, credentials, now);
    return mayDo(by.roles, operation);
  } catch (error) {
    // A stream that was let in goes on while its issuer cannot be asked: it ends with its token. That of a session, which has
    // no such end, has used up its token.
    if (error instanceof IssuerUnavailable) return credentials.session === undefined;
    if (error instanceof HoldfastError && [401, 403].includes(error.status)) return false;
    throw error;
  }
}

async function bearerOf({ sessions }: AuthenticationPorts, { authorization, session }: Credentials): Promise<string> {
  if (session !== undefined) return (await sessions?.accessToken(session)) ?? '';
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
}

async function identify({ tokens }: AuthenticationPorts, text: string): Promise<TokenIdentity> {
  if (tokens === null || text === '') throw unauthenticated();
  try {
    return await tokens.verifier.verify(text);
  } catch (error) {
    if (error instanceof TokenRefused) throw unauthenticated(error);
    throw error;
  }
}

async function byToken(
  ports: AuthenticationPorts,
  identity: TokenIdentity,
  chosen: string | null,
): Promise<Authenticated> {
  const { claim, tenant, member } = await enterTenant(ports, identity, chosen);
  if (member === null) throw tenantSuspended();
  if (member.disabledAt !== null) throw memberDisabled();
  const by: Actor = { type: identity.kind, id: member.id, roles: effectiveRoles([...claim.roles, ...member.roles]) };
  return { tenant, by, ...(member.name === null ? {} : { name: member.name }), until: identity.expiresAt };
}

interface Way extends TenantScope {
  readonly claim: TenantClaim;
  readonly member: Member | null;
}

/** Only ever a tenant that the token names. */
async function enterTenant(
  { entrance, tokens }: AuthenticationPorts,
  identity: TokenIdentity,
  chosen: string | null,
): Promise<Way> {
  const { tenants } = identity;
  const names = tenants.map(({ name }) => name);
  const slots = tokens?.slots ?? null;
  const [first, second] = tenants;
  if (first === undefined) throw tenantForbidden('Your token names no tenant', names);
  if (chosen === null && second !== undefined)
    throw refused(
      'tenant_required',
      `You are in several tenants (${names.join(', ')}): name one in the header Holdfast-Tenant, or begin the path with /t/<tenant>.`,
      [],
      { tenants: names },
    );
  const named =
    chosen === null ? first : tenants.find(({ name, externalId }) => name === chosen || externalId === chosen);
  const ids = { tenant: uuidv7(), member: uuidv7() };
  for (const claim of named === undefined ? tenants : [named]) {
    const entered = await entrance.enter(identity, claim, { slots, only: named === undefined ? chosen : null, ids });
    if (entered !== null) return { claim, ...entered };
  }
  if (named === undefined) throw tenantForbidden('That tenant is not among yours', names);
  throw tenantForbidden(`There is no tenant ${named.name} here`, names);
}

const tenantForbidden = (what: string, tenants: readonly string[]): HoldfastError =>
  refused('tenant_forbidden', `${what}. Yours: ${tenants.join(', ') || 'none'}.`, [], { tenants });

const memberDisabled = (): HoldfastError =>
  refused('member_disabled', 'An admin of this tenant has disabled your membership.');

const tenantSuspended = (): HoldfastError =>
  refused('tenant_suspended', 'This tenant is suspended. Whoever runs the platform can resume it.');

/** @throws HoldfastError `unauthenticated`, `key_expired` */
async function goodKey(
  { keys }: AuthenticationPorts,
  { tenant, id, secret }: ParsedKey,
  now: number,
): Promise<FoundKey> {
  const stored = await keys.find({ tenant }, id);
  if (stored === null) throw unauthenticated();
  const ended = whyEnded(stored, hashSecret(secret), now);
  if (ended !== null) throw refused('key_expired', `This API key ${ended}. Ask an admin for a new one.`);
  return stored;
}

/** null: the secret is good. @throws HoldfastError `unauthenticated` */
function whyEnded(key: StoredKey, hash: string, now: number): string | null {
  const isCurrent = sameText(key.secretHash, hash);
  if (!isCurrent && (key.previousHash === null || !sameText(key.previousHash, hash))) throw unauthenticated();
  if (key.revokedAt !== null) return 'was revoked';
  if (key.expiresAt !== null && now >= key.expiresAt) return 'has expired';
  if (!isCurrent && now >= (key.previousUntil ?? 0)) return 'was rotated, and its old secret has expired';
  return null;
}

async function noteUse(keys: Pick<KeyStore, 'used'>, scope: TenantScope, id: string, now: number): Promise<void> {
  try {
    await keys.used(scope, id, now - (now % MINUTE_MS));
  } catch (error) {
    // A database that takes no writes can still be read.
    if (!(error instanceof DatabaseUnavailable)) throw error;
  }
}

const unauthenticated = (cause?: TokenRefused): HoldfastError =>
  new HoldfastError('unauthenticated', 'Send a valid API key or access token: Authorization: Bearer …', { cause });
