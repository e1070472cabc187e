import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HoldfastOptions } from '@holdfast/sdk';
import { z } from 'zod';
import { Failure } from './failure.ts';
import { configFolder, readLogins } from './login-file.ts';
import { goodToken } from './login-token.ts';

/** What `npm start` and `holdfast init` leave for the CLI; readable by its owner only. */
const cliFile = z.object({ url: z.string(), api_key: z.string() });

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
}

const DEFAULT_URL = 'http://127.0.0.1:7070';

/**
 * Where: HOLDFAST_URL, the server of the last login, `cli.json` in DATA_DIR (.holdfast) or in ~/.config/holdfast. Who:
 * HOLDFAST_TOKEN, HOLDFAST_API_KEY, the login at that server, `cli.json`. @throws Failure when nobody is.
 */
export function clientSettings(surroundings: Surroundings): Pick<HoldfastOptions, 'url' | 'key' | 'tenant'> {
  const { env } = surroundings;
  const url = serverUrl(surroundings);
  const given = givenKey(surroundings);
  const login = given === null ? readLogins(surroundings).logins[url] : undefined;
  const tenant = filled(env['HOLDFAST_TENANT']) ?? login?.tenant ?? null;
  const key = login === undefined ? (given ?? found(surroundings)?.api_key ?? '') : () => goodToken(surroundings, url);
  if (key === '')
    throw new Failure(
      `There is no API key and no login. Run holdfast login, set HOLDFAST_API_KEY, or run in a folder where npm start has run (${files(surroundings).join(' or ')}).`,
    );
  return { url, key, ...(tenant === null ? {} : { tenant }) };
}

/**
 * For what is above all tenants, where no API key does: HOLDFAST_TOKEN, or where no database is named the login at the
 * server; null = the database is meant.
 */
export function platformSettings(surroundings: Surroundings): Pick<HoldfastOptions, 'url' | 'key'> | null {
  const url = serverUrl(surroundings);
  const token = filled(surroundings.env['HOLDFAST_TOKEN']);
  if (token !== null) return { url, key: token };
  const { DATABASE_URL: database, DATABASE_MIGRATE_URL: owned } = surroundings.env;
  if (filled(database) !== null || filled(owned) !== null) return null;
  const login = readLogins(surroundings).logins[url];
  return login === undefined ? null : { url, key: () => goodToken(surroundings, url) };
}

export function serverUrl(surroundings: Surroundings): string {
  // A key has nothing to do with a login, and must not be sent there.
  const last = givenKey(surroundings) === null ? readLogins(surroundings).url : null;
  return (filled(surroundings.env['HOLDFAST_URL']) ?? last ?? found(surroundings)?.url ?? DEFAULT_URL).replace(
    /\/+$/,
    '',
  );
}

const filled = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text);

const givenKey = ({ env }: Surroundings): string | null =>
  filled(env['HOLDFAST_TOKEN']) ?? filled(env['HOLDFAST_API_KEY']);

const files = (surroundings: Surroundings): readonly string[] => [
  resolve(surroundings.cwd, surroundings.env['DATA_DIR'] ?? '.holdfast', 'cli.json'),
  join(configFolder(surroundings), 'cli.json'),
];

const found = (surroundings: Surroundings): z.output<typeof cliFile> | null =>
  files(surroundings)
    .map(read)
    .find((file) => file !== null) ?? null;

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
