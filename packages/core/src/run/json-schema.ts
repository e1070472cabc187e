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
  return answer?.startsWith('the schema cannot be used') === true ? answer : null;
}
