import { randomBytes } from 'node:crypto';
import { OpenIdLogin } from '@holdfast/adapters/oidc';
import type { Config, LoginOptions } from '@holdfast/contracts';
import {
  type Clock,
  type Log,
  type PlatformAuditWriter,
  type SecretCipher,
  Sessions,
  type SessionStore,
  type TokenVerifier,
} from '@holdfast/core';
import { BrowserLogin } from './browser-login.ts';

interface Parts {
  /** null = tokens are not taken. */
  readonly verifier: TokenVerifier | null;
  readonly store: SessionStore;
  readonly audit: PlatformAuditWriter;
  readonly cipher: SecretCipher;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicUrl: () => string;
}

interface Login {
  /** Both are null where browsers cannot log in. */
  readonly sessions: Sessions | null;
  readonly login: BrowserLogin | null;
}

/** How browsers log in, as OIDC_ISSUER and OIDC_CLIENT_ID say. */
export function wireLogin({ oidc, secrets }: Config, parts: Parts): Login {
  const { verifier, store, audit, cipher, clock, log, publicUrl } = parts;
  if (oidc === null || oidc.clientId === null || verifier === null) return { sessions: null, login: null };
  const provider = new OpenIdLogin({ ...oidc, clientId: oidc.clientId, clientSecret: secrets.oidcClientSecret, log });
  const newSecret = (): string => randomBytes(32).toString('base64url');
  const sessions = new Sessions({ store, cipher, provider, audit, clock, log, newSecret });
  return { sessions, login: new BrowserLogin({ provider, sessions, verifier, cipher, clock, publicUrl }) };
}

export const loginOptionsOf = ({ oidc }: Config): LoginOptions => ({
  issuer: oidc?.issuer ?? null,
  browser: oidc !== null && oidc.clientId !== null,
  device: oidc === null || oidc.cliClientId === null ? null : { client_id: oidc.cliClientId, scope: oidc.scope },
});
