import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';

const file = (folder: string): string => join(folder, 'restoring');

/** From now on the data is of two times. */
export const beginRestore = (folder: string, backup: string): void =>
  writeFileSync(file(folder), `${backup}\n`, { flush: true });

export const endRestore = (folder: string): void => rmSync(file(folder), { force: true });

/** @throws Failure while a restore has not come to its end. */
export function mustBeWhole(folder: string, program: string): void {
  if (!existsSync(file(folder))) return;
  const backup = readFileSync(file(folder), 'utf8').trim();
  throw new Failure(
    `A restore of ${backup} has not come to its end, so the data is of two times. Repeat it: ${program} stack restore ${backup} --yes`,
  );
}
