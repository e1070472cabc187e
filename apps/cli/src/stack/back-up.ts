import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { hashOfFile } from '../hash-of-file.ts';
import { compose, type Docker } from './docker.ts';
import { referenceTo, releaseOfStack } from './release.ts';
import { untilWellAgain } from './until-well-again.ts';

/** Ours first: a restore freezes it before the others. */
export const databases = ['holdfast', 'keycloak', 'temporal', 'temporal_visibility'] as const;
export const VOLUMES = 'volumes.tar';
const SETTINGS = 'settings.env';

/** What a backup says of itself: `manifest.json`. */
export const manifest = z.object({
  format: z.literal(1),
  made_at: z.string(),
  /** The release whose tables these are, with its pin: `restore` goes back to it. */
  image: z.string(),
  files: z.record(z.string(), z.object({ bytes: z.number(), sha256: z.string() })),
  /** Of the secrets that it needs, the beginning of their hashes: enough to say whether they are here. */
  secrets: z.record(z.string(), z.string()),
});
export type Manifest = z.output<typeof manifest>;

/**
 * Every database, then the volumes with the artifacts and the key of the tenants' secrets, and `.env`. What a database
 * names is there, for artifacts are written before they are named, but what was deleted in between. The files in
 * `secrets/` are not in it. When it returns, all is as well as it was. @throws Failure where the folder is there already.
 */
export async function backUp(docker: Docker, folder: string, target: string, now: Date): Promise<Manifest> {
  if (existsSync(target)) throw new Failure(`${target} is there already. Name a new folder with --to.`);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  mkdirSync(target, { mode: 0o700 });
  for (const name of databases) {
    const dump = ['exec', '--no-TTY', 'postgres', 'pg_dump', '--username', 'postgres', '--format', 'custom', name];
    await compose(docker, dump, { to: join(target, `${name}.dump`) });
  }
  await packVolumes(docker, join(target, VOLUMES));
  copyFileSync(join(folder, '.env'), join(target, SETTINGS));
  const files: Manifest['files'] = {};
  for (const name of [...databases.map((each) => `${each}.dump`), VOLUMES, SETTINGS])
    files[name] = { bytes: statSync(join(target, name)).size, sha256: await hashOfFile(join(target, name)) };
  const made: Manifest = {
    format: 1,
    made_at: now.toISOString(),
    image: referenceTo(releaseOfStack(folder)),
    files,
    secrets: secretMarks(folder),
  };
  // Last: a backup without it is none.
  writeFileSync(join(target, 'manifest.json'), `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true });
  await untilWellAgain(docker, 's3').catch((error: unknown) => {
    throw new Failure(
      `The backup in ${target} is whole, but: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return made;
}

/** Stores must survive a kill, so what they have on disk at one moment is good. Whoever interrupts it, the store goes on. */
async function packVolumes(docker: Docker, to: string): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  for (const signal of signals) process.once(signal, interrupt);
  try {
    await compose(docker, ['pause', 's3']);
    try {
      const pack = [...packer, 'packer', '--create', '--file', '-', 's3', 'holdfast'];
      await compose(docker, pack, { to, signal: interrupted.signal });
    } finally {
      await compose(docker, ['unpause', 's3']);
    }
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Compose's arguments before the name of the service that packs and unpacks volumes. */
export const packer = ['--profile', 'packer', 'run', '--rm', '--no-deps', '--no-TTY'];

/** A restored Keycloak has its admin and the client's secret as they were. All else takes what is here. */
const needed = ['keycloak-admin', 'oidc-client-secret'] as const;

export function secretMarks(folder: string): Readonly<Record<string, string>> {
  const mark = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, 'secrets', name)))
      .digest('hex')
      .slice(0, 16);
  return Object.fromEntries(needed.map((name) => [name, mark(name)]));
}
