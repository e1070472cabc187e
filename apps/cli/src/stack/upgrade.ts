import { Failure } from '../failure.ts';
import { compose, type Docker } from './docker.ts';
import { envValue, setEnvValue } from './env-file.ts';
import { waitUntilWell } from './wait-until-well.ts';

export interface UpgradeOptions {
  readonly image: string;
  readonly timeoutMs: number;
  /** The image is here already, or there is no registry to ask. */
  readonly pull: boolean;
}

/**
 * One release forward: the tables first, which the old processes can work with, then the workers, then the API, so that
 * nobody is asked for what is not there yet. @throws Failure; what ran before goes on, and `.env` says the image of then.
 */
export async function upgrade(
  docker: Docker,
  folder: string,
  { image, timeoutMs, pull }: UpgradeOptions,
  tell: (line: string) => void,
): Promise<void> {
  const before = envValue(folder, 'HOLDFAST_IMAGE') ?? '';
  setEnvValue(folder, 'HOLDFAST_IMAGE', image);
  try {
    if (pull) await compose(docker, ['pull', '--ignore-buildable'], { shown: true });
    else await mustBeHere(docker, image);
    tell('migrate');
    await compose(docker, ['run', '--rm', '--no-deps', '--no-TTY', 'migrate']);
  } catch (error) {
    setEnvValue(folder, 'HOLDFAST_IMAGE', before);
    throw error;
  }
  for (const service of ['worker', 'api']) {
    tell(service);
    await compose(docker, ['up', '--detach', '--no-deps', '--wait', '--wait-timeout', seconds(timeoutMs), service]);
  }
  // What else has another image or other settings by now.
  await compose(docker, ['up', '--detach', '--remove-orphans'], { shown: true });
  await waitUntilWell(docker, timeoutMs, tell);
}

const seconds = (ms: number): string => String(Math.ceil(ms / 1_000));

async function mustBeHere(docker: Docker, image: string): Promise<void> {
  const { code } = await docker(['image', 'inspect', '--format', '{{.Id}}', image]);
  if (code !== 0)
    throw new Failure(`The image ${image} is not on this machine. Load it with docker load, or leave out --no-pull.`);
}
