import { secretKeys } from './env.ts';
import { EnvInvalid, type Environment } from './parse-env.ts';

/** The text of a file. Throws as `readFileSync` does. */
export type ReadFile = (path: string) => string;

/**
 * The environment with each `<KEY>_FILE` of a secret key replaced by what stands in that file, without line breaks at
 * its end. To be called once, where the environment is read. Throws `EnvInvalid` with a line for each that cannot be
 * used.
 */
export function withSecretFiles(environment: Environment, readFile: ReadFile): Environment {
  const problems: string[] = [];
  const read: Record<string, string | undefined> = { ...environment };
  for (const key of secretKeys) {
    const path = environment[`${key}_FILE`]?.trim() ?? '';
    delete read[`${key}_FILE`];
    if (path === '') continue;
    if ((environment[key]?.trim() ?? '') !== '') {
      problems.push(`${key}_FILE: ${key} is set as well; set one of the two`);
      continue;
    }
    const value = contentOf(path, readFile);
    if (typeof value === 'string') read[key] = value;
    else
      problems.push(`${key}_FILE: the file ${JSON.stringify(path)} ${value.problem}; it must hold the value of ${key}`);
  }
  if (problems.length > 0) throw new EnvInvalid(problems);
  return read;
}

function contentOf(path: string, readFile: ReadFile): string | { readonly problem: string } {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { problem: `${whyNot[code] ?? 'cannot be read'} (${code})` };
  }
  const value = text.replace(/[\r\n]+$/, '');
  if (value.trim() === '') return { problem: 'is empty' };
  return value;
}

const whyNot: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder',
};
