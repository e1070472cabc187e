import type { HoldfastError, ProblemError } from '@holdfast/contracts';
import { issuesOf, refused } from '@holdfast/core';
import type { z } from 'zod';

/** Deeper JSON than this has no use here, and would end recursive code by a full stack. */
const MAX_DEPTH = 64;
const MAX_VALUES = 200_000;

/** Half of a surrogate pair. */
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** @throws HoldfastError `validation_failed` (body) or `invalid_request`, with each wrong field and what would be right. */
export function check<S extends z.ZodType>(schema: S, value: unknown, where: 'body' | 'query' | 'path'): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error).map(({ path, message }): ProblemError => ({
    path: located(path, where),
    message,
  }));
  throw invalid(issues, where === 'body' ? 'validation_failed' : 'invalid_request');
}

const located = (path: string, where: 'body' | 'query' | 'path'): string => {
  if (where === 'body') return path;
  return where === 'query' ? `?${path.slice(1)}` : `{${path.slice(1)}}`;
};

export const invalid = (
  issues: readonly ProblemError[],
  code: 'validation_failed' | 'invalid_request' = 'validation_failed',
): HoldfastError =>
  refused(
    code,
    issues
      .slice(0, 3)
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      .join('; '),
    issues,
  );

/** What no database and no canonical form can hold is refused before anything looks at it. */
export function checkStorable(body: unknown): void {
  const open: { value: unknown; path: string; depth: number }[] = [{ value: body, path: '', depth: 0 }];
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path, depth } = next;
    seen += 1;
    if (depth > MAX_DEPTH)
      throw invalid([{ path: path.slice(0, 200), message: `is nested deeper than ${MAX_DEPTH} levels` }]);
    if (seen > MAX_VALUES) throw invalid([{ path: '', message: `has more than ${MAX_VALUES} values` }]);
    if (typeof value === 'string') checkText(value, path);
    else if (typeof value === 'number' && !Number.isFinite(value))
      throw invalid([{ path, message: 'is a number too large for JSON readers; send it as text' }]);
    else if (Array.isArray(value))
      for (const [index, item] of value.entries())
        open.push({ value: item, path: `${path}/${index}`, depth: depth + 1 });
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) {
        const inner = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        checkText(key, path);
        open.push({ value: item, path: inner, depth: depth + 1 });
      }
  }
}

function checkText(text: string, path: string): void {
  if (text.includes('\u0000')) throw invalid([{ path, message: 'contains U+0000, which cannot be stored' }]);
  if (loneSurrogate.test(text))
    throw invalid([{ path, message: 'contains half of a surrogate pair: not valid Unicode' }]);
}
