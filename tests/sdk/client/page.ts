import { Holdfast } from '@holdfast/sdk';
import { cases, type Surroundings } from './cases.ts';

/** The door of the bundle that a browser loads: one case by its name; null when it passed, else what went wrong. */
export async function runCase(name: string, surroundings: Surroundings): Promise<string | null> {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) return `there is no case "${name}"`;
  try {
    await found.run(new Holdfast({ url: surroundings.url, key: surroundings.key, validate: true }), surroundings);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
