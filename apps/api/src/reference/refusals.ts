import type { ErrorCode } from '@holdfast/contracts';
import type { Route } from '../http/route.ts';

/** Every code that a problem of this route may bear: its own, and those that follow from what it is. */
export function refusalsOf(route: Route): readonly ErrorCode[] {
  const codes: ErrorCode[] = ['invalid_request', 'internal', ...(route.refusals ?? [])];
  if (route.operation !== null) {
    codes.push('unauthenticated', 'key_expired', 'forbidden', 'database_unavailable');
    codes.push('tenant_forbidden', 'tenant_suspended', 'member_disabled', 'issuer_unavailable');
    if (route.within === 'tenant') codes.push('tenant_required');
    // Of the session of a browser.
    if (route.method !== 'GET') codes.push('cross_site_request');
  }
  // Its log is read.
  if (route.url.startsWith('/v1/runs/:run')) codes.push('newer_release');
  if (route.rate !== null) codes.push('rate_limited');
  if (route.rate === 'auth') codes.push('rate_limiter_unavailable');
  // A body is refused where there shall be none, too.
  codes.push('invalid_json', 'validation_failed', 'payload_too_large', 'unsupported_media_type');
  if (route.idempotent === true) codes.push('idempotency_mismatch', 'idempotency_in_flight');
  return [...new Set(codes)];
}
