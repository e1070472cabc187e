import type { IncomingMessage } from 'node:http';
import { type Credentials, refused } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { BrowserLogin } from '../login/browser-login.ts';

/** `/t/<tenant>/v1/…`: the same as `/v1/…` with that tenant in the header `Holdfast-Tenant`. */
const prefixed = /^\/t\/([^/?]+)(?=\/v1\/)/;

/** The address that routes know. */
export const withoutTenant = ({ url = '/' }: Pick<IncomingMessage, 'url'>): string => url.replace(prefixed, '');

/**
 * The cookie of a session counts where nothing else says who asks.
 * @throws HoldfastError `invalid_request` when path and header choose different tenants; `cross_site_request`.
 */
export function credentialsOf(request: FastifyRequest, login: BrowserLogin | null): Credentials {
  const { headers, originalUrl } = request;
  const header = headers['holdfast-tenant'];
  const inHeader = typeof header === 'string' && header !== '' ? header : null;
  const inPath = decoded(prefixed.exec(originalUrl)?.[1]);
  if (inHeader !== null && inPath !== null && inHeader !== inPath)
    throw refused('invalid_request', 'The path names another tenant than the header Holdfast-Tenant.');
  const session = headers.authorization === undefined ? login?.session(request) : undefined;
  return {
    authorization: headers.authorization,
    tenant: inPath ?? inHeader,
    ...(session === undefined ? {} : { session }),
  };
}

function decoded(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text);
  } catch {
    throw refused('invalid_request', 'The tenant in the path is malformed: percent-encode it as UTF-8.');
  }
}
