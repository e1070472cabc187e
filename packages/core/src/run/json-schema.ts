import type { Json, JsonObject } from '@holdfast/contracts';
import { Validator } from '@cfworker/json-schema';

/** What does not fit, as `path: message` lines; null when the value fits. A schema that cannot be read fits nothing. */
export function misfitOf(schema: JsonObject, value: Json): string | null {
  try {
    const { valid, errors } = new Validator(schema, '2020-12', true).validate(value);
    if (valid) return null;
    return errors.map((error) => `${error.instanceLocation}: ${error.error}`).join('\n');
  } catch (error) {
    return `the schema cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** null when it is a usable schema, else why not. */
export function schemaProblem(schema: JsonObject): string | null {
  const answer = misfitOf(schema, null);
  return answer?.startsWith('the schema cannot be used') === true ? answer : formProblem(schema, '');
}

const types = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']);
/** What stands below these is data, not schema. */
const data = new Set(['enum', 'const', 'default', 'examples']);

/** A type that nothing has, or a pattern that is none: the validator meets them only with a value, when it is too late. */
function formProblem(value: Json, path: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, item] of Object.entries(value)) {
    const here = `${path}/${key}`;
    if (key === 'type' && !Array.isArray(value)) {
      const unknown = [item].flat().find((name) => typeof name === 'string' && !types.has(name));
      if (unknown !== undefined) return `${here}: there is no type ${JSON.stringify(unknown)}`;
    }
    if (key === 'pattern' && typeof item === 'string' && !isPattern(item)) return `${here}: no regular expression`;
    const below = data.has(key) ? null : formProblem(item, here);
    if (below !== null) return below;
  }
  return null;
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
