import { type EnvKey, envKeyNames, metaOf } from '@holdfast/contracts';
import type { Environment, Environments } from './environments.ts';

/** A key that `npm start` leaves alone. What is not set is null. */
export interface Difference {
  readonly key: string;
  /** The default, which is what `npm start` has. */
  readonly start: string | null;
  readonly api: string | null;
  readonly worker: string | null;
}

/** All in which API and worker differ from `npm start`, which sets nothing. @throws Error for a key that nobody reads. */
export function environmentDiff({ api, workers: [worker] }: Pick<Environments, 'api' | 'workers'>): Difference[] {
  const given = new Set([...Object.keys(api), ...Object.keys(worker)]);
  for (const key of given) if (!isKey(key)) throw new Error(`${key} is no key of the environment contract`);
  return envKeyNames
    .filter((key) => given.has(key))
    .map((key) => ({ key, start: metaOf(key).default, api: shown(api, key), worker: shown(worker, key) }));
}

const isKey = (key: string): key is EnvKey => envKeyNames.some((known) => known === key);

function shown(environment: Environment, key: EnvKey): string | null {
  const value = environment[key];
  if (value === undefined) return null;
  return metaOf(key).secret ? withoutPassword(value) : value;
}

/** Of a URL, who logs in where is left; of anything else, nothing. */
function withoutPassword(value: string): string {
  const [, scheme, user, rest] = /^(\w+:\/\/)([^:@/]*):[^@]*@(.*)$/.exec(value) ?? [];
  return scheme === undefined ? '…' : `${scheme}${user}:…@${rest}`;
}

/** As `diff` would: what `npm start` has, then what API and worker have. */
export function diffLines(differences: readonly Difference[]): string[] {
  return differences.flatMap(({ key, start, api, worker }) => [
    ...(start === null ? [] : [`- ${key}=${start}`]),
    ...(api === worker
      ? [`+ ${key}=${api}`]
      : [
          ...(api === null ? [] : [`+ ${key}=${api}   (API)`]),
          ...(worker === null ? [] : [`+ ${key}=${worker}   (worker)`]),
        ]),
  ]);
}
