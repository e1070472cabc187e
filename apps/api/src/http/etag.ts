import { hashOf, refused } from '@holdfast/core';
import type { FastifyRequest } from 'fastify';
import type { HeaderDocument } from './route.ts';

/** A strong tag of a JSON value. */
export const etagOf = (value: unknown): string => `"${hashOf(value).slice(0, 32)}"`;

/** For the reference. */
export const ifMatchOf = (description: string): HeaderDocument => ({
  description,
  pattern: /^(\*|"[\x21\x23-\x7E]*")$/,
});

/**
 * Whether the request's `If-Match` allows a change of what is there now; without one it does. null: nothing is there.
 * @throws HoldfastError `invalid_request`.
 */
export function ifMatch({ headers }: FastifyRequest): (current: unknown) => boolean {
  const given = headers['if-match'];
  if (given === undefined) return () => true;
  if (given.trim() === '*') return (current) => current !== null;
  const wanted = given.split(',').map((tag) => tag.trim());
  if (!wanted.every((tag) => /^(W\/)?"[\x21\x23-\x7E]*"$/.test(tag)))
    throw refused('invalid_request', 'If-Match is an ETag as it was given, with its quotes, or *.');
  return (current) => current !== null && wanted.includes(etagOf(current));
}

export const stale = (what: string): Error =>
  refused('etag_mismatch', `${what} is not in the state that If-Match names; read it again.`);
