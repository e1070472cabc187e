import { agentName, attentionRef, secretName, versionNumber } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';

/** Opaque to clients: base64url of a short JSON list. */
export const encodeCursor = (...parts: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** @throws HoldfastError `invalid_request`. */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    const message = 'is not a cursor of this list: use next_cursor of the page before, unchanged';
    throw refused('invalid_request', `The cursor ${message}.`, [{ path: '?cursor', message }]);
  }
}

export const idCursor = z.tuple([z.uuid()]);
export const nameCursor = z.tuple([agentName]);
export const secretCursor = z.tuple([secretName]);
export const numberCursor = z.tuple([z.string().regex(/^[1-9]\d{0,14}$/)]);
export const modelPriceCursor = z.tuple([z.string().min(1).max(200), z.int().positive()]);
export const versionCursor = z.tuple([versionNumber]);
export const attentionCursor = z.tuple([z.uuid(), attentionRef]);

/** One more row than the page was asked for: there is a next page. */
export function pageOf<T, R>(rows: readonly T[], limit: number, resource: (row: T) => R, cursor: (row: T) => string) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(resource), next_cursor: rows.length > limit && last !== undefined ? cursor(last) : null };
}
