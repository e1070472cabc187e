import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../failure.ts';

/** The folder of the Compose files: the one that is given, `deploy/compose` or this one. @throws Failure when it is not there. */
export function stackFolder(cwd: string, given: string | undefined): string {
  const places = given === undefined ? [join(cwd, 'deploy/compose'), cwd] : [resolve(cwd, given)];
  const found = places.find((place) => existsSync(join(place, 'compose.yaml')));
  if (found === undefined)
    throw new Failure(`There is no compose.yaml in ${places.join(' or ')}. Name its folder with --folder.`);
  return found;
}

/** As above, after `stack init`. */
export function preparedFolder(cwd: string, given: string | undefined, program: string): string {
  const folder = stackFolder(cwd, given);
  for (const each of ['.env', 'secrets']) {
    if (!existsSync(join(folder, each)))
      throw new Failure(`There is no ${each} in ${folder}. Run ${program} stack init first.`);
  }
  return folder;
}
