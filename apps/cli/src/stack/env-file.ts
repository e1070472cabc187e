import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The value of a key in `.env`, or null. */
export function envValue(folder: string, key: string): string | null {
  const line = readFileSync(join(folder, '.env'), 'utf8')
    .split('\n')
    .findLast((each) => each.startsWith(`${key}=`));
  return line === undefined ? null : line.slice(key.length + 1).trim();
}

/** Sets a key in `.env` and leaves every other line as it is. Whole or not at all. */
export function setEnvValue(folder: string, key: string, value: string): void {
  const file = join(folder, '.env');
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findLastIndex((line) => line.startsWith(`${key}=`));
  if (at < 0) lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, `${key}=${value}`);
  else lines[at] = `${key}=${value}`;
  writeFileSync(`${file}.new`, lines.join('\n'), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
