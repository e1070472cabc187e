import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HoldfastOptions } from '@holdfast/sdk';
import { z } from 'zod';
import { Failure } from './failure.ts';

/** What `npm start` and `holdfast init` leave for the CLI; readable by its owner only. */
const cliFile = z.object({ url: z.string(), api_key: z.string() });

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
}

const DEFAULT_URL = 'http://127.0.0.1:7070';

/**
 * HOLDFAST_URL, and HOLDFAST_TOKEN or HOLDFAST_API_KEY; what they leave open from `cli.json` in DATA_DIR (.holdfast) or in
 * ~/.config/holdfast. @throws Failure when there is no key.
 */
export function clientSettings({ env, cwd, home }: Surroundings): Pick<HoldfastOptions, 'url' | 'key'> {
  const files = [
    resolve(cwd, env['DATA_DIR'] ?? '.holdfast', 'cli.json'),
    join(home, '.config', 'holdfast', 'cli.json'),
  ];
  const found = files.map(read).find((file) => file !== null) ?? null;
  const key = tokenOf(env) ?? env['HOLDFAST_API_KEY'] ?? found?.api_key;
  if (key === undefined || key === '')
    throw new Failure(
      `There is no API key. Set HOLDFAST_API_KEY, or run in a folder where npm start has run (${files.join(' or ')}).`,
    );
  return { url: (env['HOLDFAST_URL'] ?? found?.url ?? DEFAULT_URL).replace(/\/+$/, ''), key };
}

/** HOLDFAST_URL and HOLDFAST_TOKEN, for what is above all tenants, where no API key does; null = not both are set. */
export function platformSettings({ env }: Surroundings): Pick<HoldfastOptions, 'url' | 'key'> | null {
  const [url, key] = [env['HOLDFAST_URL'] ?? '', tokenOf(env)];
  return url === '' || key === undefined ? null : { url: url.replace(/\/+$/, ''), key };
}

const tokenOf = (env: Surroundings['env']): string | undefined =>
  env['HOLDFAST_TOKEN'] === '' ? undefined : env['HOLDFAST_TOKEN'];

function read(file: string): z.output<typeof cliFile> | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  try {
    return cliFile.parse(JSON.parse(text));
  } catch {
    throw new Failure(`${file} cannot be read as settings of the CLI: remove it, and start Holdfast again.`);
  }
}
