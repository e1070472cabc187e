import type { IncomingHttpHeaders } from 'node:http';

/** What pages send with each change: a form of another site cannot. */
export const CSRF_HEADER = 'x-holdfast-csrf';

const safe = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Why a request that bears a cookie may come from another site's page; null = it does not.
 * `form`: it may be a plain form of our own page, which can set no header; then the browser must say where it is from.
 */
export function whyForeign(
  method: string,
  headers: IncomingHttpHeaders,
  publicOrigin: string,
  form = false,
): string | null {
  if (safe.has(method)) return null;
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return `Sec-Fetch-Site is ${String(site)}`;
  // Forms of pages that tell nobody where they are, as ours are, have the origin `null`; then the browser's word above counts.
  const hidden = origin === 'null' && site === 'same-origin';
  if (origin !== undefined && origin !== publicOrigin && !hidden) return `Origin is ${origin}`;
  if (headers[CSRF_HEADER] !== undefined) return null;
  if (form && (origin !== undefined || site !== undefined)) return null;
  return `the header ${CSRF_HEADER} is missing`;
}
