import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { hashOfFile } from '../hash-of-file.ts';
import { databases, type Manifest, manifest, packer, secretMarks, VOLUMES } from './back-up.ts';
import { compose, type Docker } from './docker.ts';
import { releaseOf, setRelease } from './release.ts';
import { beginRestore, endRestore } from './restoring.ts';

/**
 * The backup, if it is whole and belongs to the secrets of this folder. @throws Failure with everything that is against it.
 */
export async function checkedBackup(folder: string, source: string): Promise<Manifest> {
  const file = join(source, 'manifest.json');
  if (!existsSync(file)) throw new Failure(`${source} is no whole backup: it has no manifest.json.`);
  const read = manifest.parse(JSON.parse(readFileSync(file, 'utf8')));
  const problems: string[] = [];
  for (const [name, { sha256: wanted }] of Object.entries(read.files)) {
    const path = join(source, name);
    if (!existsSync(path)) problems.push(`${name} is missing`);
    else if ((await hashOfFile(path)) !== wanted) problems.push(`${name} was changed since`);
  }
  // Backups of before name others, too, which may be new ones.
  for (const [name, mark] of Object.entries(secretMarks(folder))) {
    if (read.secrets[name] !== mark) problems.push(`secrets/${name} is not the one of this backup`);
  }
  if (problems.length > 0)
    throw new Failure(`This backup cannot be restored here:\n${problems.map((each) => `  ${each}`).join('\n')}`);
  return read;
}

/** With owners and rights, in place of the database that is there. */
const whole = ['--clean', '--if-exists', '--create', '--exit-on-error'];

/**
 * Puts databases, volumes and the release in `.env` back as they were, and freezes the database: what its runs did since is
 * not in their logs. Everything but what migrations need is stopped, and stays so. Until its end nothing else is done with
 * the stack: its parts are of two times. `image`: that of the manifest.
 * @throws Failure before anything is stopped when the image cannot be had.
 */
export async function restore(
  docker: Docker,
  folder: string,
  source: string,
  { image }: Pick<Manifest, 'image'>,
  tell: (line: string) => void,
): Promise<void> {
  if (image !== '') await had(docker, image);
  beginRestore(folder, source);
  // A newer release would bring the tables up to date as it starts, and an older one cannot read them.
  if (image !== '') setRelease(folder, releaseOf(image));
  await compose(docker, ['stop'], { shown: true });
  await compose(docker, ['up', '--detach', '--wait', 'postgres'], { shown: true });
  const put = async (name: string): Promise<void> => {
    tell(name);
    const load = ['exec', '--no-TTY', 'postgres', 'pg_restore', '--username', 'postgres', '--dbname', 'postgres'];
    await compose(docker, [...load, ...whole], { from: join(source, `${name}.dump`) });
  };
  const [ours, ...others] = databases;
  await put(ours);
  // At once: whoever starts the stack by hand when the rest fails must find nothing that goes on.
  tell('frozen');
  await compose(docker, ['run', '--rm', '--no-deps', '--no-TTY', 'migrate', 'holdfast', 'freeze']);
  for (const name of others) await put(name);
  tell('volumes');
  const empty =
    'find /volumes/s3 /volumes/holdfast -mindepth 1 -delete && tar -C /volumes --extract --same-owner --file -';
  await compose(docker, [...packer, '--entrypoint', 'sh', 'packer', '-c', empty], { from: join(source, VOLUMES) });
  endRestore(folder);
}

async function had(docker: Docker, image: string): Promise<void> {
  const { code } = await docker(['image', 'inspect', '--format', '{{.Id}}', image]);
  if (code === 0) return;
  const pulled = await docker(['pull', image], { shown: true });
  if (pulled.code !== 0)
    throw new Failure(
      `The backup is of the release ${image}, which is not on this machine and cannot be pulled. Load it with docker load.`,
    );
}
