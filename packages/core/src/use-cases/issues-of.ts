import type { z } from 'zod';
import type { ProblemError } from '@holdfast/contracts';

/** Each wrong field by its JSON Pointer. Of a union, the branch that came nearest is told. */
export function issuesOf(error: z.ZodError): ProblemError[] {
  return error.issues.flatMap((issue) => flatten(issue, []));
}

function flatten(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): ProblemError[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.toSorted((left, right) => depth(right) - depth(left) || left.length - right.length)[0];
    if (nearest !== undefined && nearest.length > 0) return nearest.flatMap((inner) => flatten(inner, path));
  }
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: pointer([...path, key]), message: 'is not a known key: remove it' }));
  return [{ path: pointer(path), message: issue.message }];
}

const depth = (issues: readonly z.core.$ZodIssue[]): number => Math.max(0, ...issues.map((issue) => issue.path.length));

const pointer = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
