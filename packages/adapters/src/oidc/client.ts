import { IssuerUnavailable } from '@holdfast/core';
import { errors } from 'jose';
import * as oidc from 'openid-client';
import { z } from 'zod';
import type { Issuer } from './issuer.ts';

const TIMEOUT_SECONDS = 10;

/** A client of the issuer, as `openid-client` has it. `secret`: null = a public client. @throws IssuerUnavailable */
export async function clientOf(issuer: Issuer, id: string, secret: string | null): Promise<oidc.Configuration> {
  const config = new oidc.Configuration(
    // It was read from JSON; the library looks at what it uses.
    (await issuer.metadata()) as oidc.ServerMetadata,
    id,
    undefined,
    secret === null ? oidc.None() : oidc.ClientSecretBasic(secret),
  );
  config.timeout = TIMEOUT_SECONDS;
  config[oidc.customFetch] = (url, options) => fetch(issuer.reach(url), options as RequestInit);
  // Whether it may be asked over plain HTTP says the issuer's address, above.
  oidc.allowInsecureRequests(config);
  return config;
}

/** Nobody answered, or not as an issuer that works. */
export function isAway(error: unknown): boolean {
  if (error instanceof IssuerUnavailable || error instanceof TypeError) return true;
  if (error instanceof oidc.ResponseBodyError) return error.status >= 500 || error.status === 429;
  if (error instanceof oidc.AuthorizationResponseError) return error.error === 'temporarily_unavailable';
  if (error instanceof oidc.ClientError)
    return (
      error.cause instanceof IssuerUnavailable ||
      ['OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_TIMEOUT'].includes(error.code ?? '')
    );
  return false;
}

/** What the issuer says, where it says something. Never with a token. */
export function messageOf(error: unknown): string {
  if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError)
    return `${error.error}${error.error_description === undefined ? '' : ` (${error.error_description})`}`;
  if (error instanceof z.ZodError) return 'its claims do not fit';
  if (error instanceof errors.JOSEError) return error.code;
  return error instanceof Error ? error.message : String(error);
}
