import { type ExpectedVersion, refused } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { HeaderDocument } from './route.ts';

/** `ETag` of what counts its versions. */
export const etagOf = (version: number): string => `"${version}"`;

/** For the reference. */
export const ifMatch: HeaderDocument = {
  description: 'The ETag of the version that is there, or `*` for any; otherwise nothing is changed.',
  pattern: /^(\*|"\d{1,9}")$/,
};

/** What `If-Match` asks for: a version, any (`*`), or nothing. @throws HoldfastError `invalid_request`. */
export function expectedVersion({ headers }: FastifyRequest): ExpectedVersion {
  const given = headers['if-match'];
  if (given === undefined) return null;
  if (given === '*') return 'any';
  const version = /^"(\d{1,9})"$/.exec(given)?.[1];
  if (version === undefined)
    throw refused('invalid_request', 'If-Match is one ETag as it was given, such as "3", or *.', [
      { path: 'If-Match', message: 'must be one ETag in quotes, or *' },
    ]);
  return Number(version);
}
