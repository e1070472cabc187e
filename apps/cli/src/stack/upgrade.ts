import { Failure } from '../failure.ts';
import { compose, type Docker } from './docker.ts';
import { type Release, referenceTo, releaseOfStack, setRelease } from './release.ts';
import { waitUntilWell } from './wait-until-well.ts';

export interface UpgradeOptions {
  readonly release: Release;
  readonly timeoutMs: number;
  /** The image is here already, or there is no registry to ask. */
  readonly pull: boolean;
}

/**
 * One release forward: the tables first, which the old processes can work with, then the workers, then the API, so that
 * nobody is asked for what is not there yet. @throws Failure: up to the migration nothing has changed then, and `.env` is as it
 * was; after it `.env` says the new release, parts may still be of the one before, and `stack up` goes on from there.
 */
export async function upgrade(
  docker: Docker,
  folder: string,
  { release, timeoutMs, pull }: UpgradeOptions,
  tell: (line: string) => void,
): Promise<void> {
  const before = releaseOfStack(folder);
  setRelease(folder, release);
  try {
    if (pull) await compose(docker, ['pull', '--ignore-buildable'], { shown: true });
    else await mustBeHere(docker, referenceTo(release));
    tell('migrate');
    await compose(docker, ['run', '--rm', '--no-deps', '--no-TTY', 'migrate']);
  } catch (error) {
    setRelease(folder, before);
    throw error;
  }
  for (const service of ['worker', 'api']) {
    // Not --no-deps: what is started so is something else to Compose, and would be started anew by the next line.
    await compose(docker, ['up', '--detach', service], { shown: true });
    await waitUntilWell(docker, timeoutMs, tell, [service]);
  }
  // What else has another image or other settings by now.
  await compose(docker, ['up', '--detach', '--remove-orphans'], { shown: true });
  await waitUntilWell(docker, timeoutMs, tell);
}

async function mustBeHere(docker: Docker, image: string): Promise<void> {
  const { code } = await docker(['image', 'inspect', '--format', '{{.Id}}', image]);
  if (code !== 0)
    throw new Failure(`The image ${image} is not on this machine. Load it with docker load, or leave out --no-pull.`);
}
