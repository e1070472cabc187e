import type { ProblemError } from '@holdfast/contracts';

const builtinsToCome = new Set(['memory.search', 'memory.add']);

/**
 * Features of an agent that are designed and cannot run yet. Looked for before the strict schema, so that whoever
 * follows the design is told "not yet" and not "unknown key".
 */
export function unavailableFeatures(spec: unknown): ProblemError[] {
  if (!isObject(spec)) return [];
  const issues: ProblemError[] = [];
  const missing = (path: string, what: string): void => void issues.push({ path, message: `${what}: remove it` });
  if ('memory' in spec) missing('/memory', 'memory is not available yet');
  const { tools } = spec;
  if (Array.isArray(tools))
    for (const [index, tool] of tools.entries()) issues.push(...ofTool(tool, `/tools/${index}`));
  return issues;
}

function ofTool(tool: unknown, path: string): ProblemError[] {
  if (!isObject(tool)) return [];
  const issues: ProblemError[] = [];
  const { builtin } = tool;
  if (typeof builtin === 'string' && builtinsToCome.has(builtin))
    issues.push({ path: `${path}/builtin`, message: `the builtin ${builtin} is not available yet` });
  return issues;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
