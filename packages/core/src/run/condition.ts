import type { JsonObject } from '@holdfast/contracts';
import { Environment } from '@marcbachmann/cel-js';

/** Conditions are CEL expressions over `args` that compare; they cannot call `matches`, whose cost has no bound. */
const environment = new Environment({
  unlistedVariablesAreDyn: false,
  limits: { maxAstNodes: 1_000, maxDepth: 50 },
}).registerVariable('args', 'map');

/** null when the condition can be evaluated; else what is wrong with it. Asked at publish. */
export function checkCondition(condition: string): string | null {
  try {
    if (callsMatches(environment.parse(condition).ast)) return 'matches() is not available in conditions';
    const checked = environment.check(condition);
    if (!checked.valid) return checked.error?.message ?? 'does not type-check';
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** True or false; anything that cannot be evaluated to a boolean is 'not-evaluable', which means: ask. */
export function evaluateCondition(condition: string, args: JsonObject): boolean | 'not-evaluable' {
  try {
    const parsed = environment.parse(condition);
    if (callsMatches(parsed.ast)) return 'not-evaluable';
    const result: unknown = parsed({ args: integersAsBigInt(args) });
    return typeof result === 'boolean' ? result : 'not-evaluable';
  } catch {
    return 'not-evaluable';
  }
}

/** CEL integers are 64-bit; a safe JavaScript integer is one, any other number is a double. */
function integersAsBigInt(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(integersAsBigInt);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, integersAsBigInt(item)]));
  return value;
}

function callsMatches(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(callsMatches);
  if (node === null || typeof node !== 'object' || !('op' in node) || !('args' in node)) return false;
  const { op, args } = node;
  if ((op === 'rcall' || op === 'call') && Array.isArray(args) && args[0] === 'matches') return true;
  return callsMatches(args);
}
