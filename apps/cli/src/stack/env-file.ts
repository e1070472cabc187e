import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The value of a key in `.env`, or null. */
export function envValue(folder: string, key: string): string | null {
  const line = readFileSync(join(folder, '.env'), 'utf8')
    .split('\n')
    .findLast((each) => each.startsWith(`${key}=`));
  return line === undefined ? null : line.slice(key.length + 1).trim();
}

/** Sets keys in `.env`, or removes those that are null, and leaves every other line as it is. All of it or nothing. */
export function setEnvValues(folder: string, values: Readonly<Record<string, string | null>>): void {
  const file = join(folder, '.env');
  let lines = readFileSync(file, 'utf8').split('\n');
  for (const [key, value] of Object.entries(values)) {
    const at = lines.findLastIndex((line) => line.startsWith(`${key}=`));
    if (value === null) lines = lines.filter((line) => !line.startsWith(`${key}=`));
    else if (at < 0) lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, `${key}=${value}`);
    else lines[at] = `${key}=${value}`;
  }
  writeFileSync(`${file}.new`, lines.join('\n'), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
