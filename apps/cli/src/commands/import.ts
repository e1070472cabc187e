import { existsSync } from 'node:fs';
import { type Config, parseEnv } from '@holdfast/contracts';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import type { Manifest } from '../moving/manifest.ts';
import { show } from '../output.ts';

export function importCommand(program: Command, context: Context): void {
  program
    .command('import')
    .description(
      'an export of a whole installation, into the empty database that the environment names (DATABASE_MIGRATE_URL, or DATABASE_URL); all of it or nothing',
    )
    .argument('<folder>', 'as holdfast export wrote it')
    .action((folder: string) => importFrom(context, folder));
}

async function importFrom({ surroundings, output }: Context, folder: string): Promise<void> {
  const config = parseEnv(surroundings.env);
  const { readExport } = await import('../moving/read-export.ts');
  const { checkArtifacts, restoreArtifacts } = await import('../moving/moved-artifacts.ts');
  const { onOwned, placeOf } = await import('../owned-database.ts');
  const { makeBucket } = await import('../make-bucket.ts');
  const { openConfiguredArtifacts } = await import('@holdfast/adapters/artifacts');
  const { checkImport, migrate, writeInstallation } = await import('@holdfast/adapters/postgres');
  const found = await readExport(folder);
  const { manifest } = found;
  await checkKeys(config, manifest);
  const id = await onOwned(config, async (database) => {
    await migrate(database);
    await checkImport(database.connections, manifest.migrations);
    await makeBucket(config);
    const artifacts = await openConfiguredArtifacts(config);
    try {
      // Before the rows: a file that is missing is then missing in nothing that goes on.
      if (manifest.artifacts.held) await restoreArtifacts(found.artifactLines(), found.artifacts, artifacts);
      else await checkArtifacts(found.artifactLines(), artifacts);
    } finally {
      await artifacts.close();
    }
    const tables = Object.fromEntries(Object.entries(manifest.tables).map(([name, { rows }]) => [name, rows]));
    return writeInstallation(database.connections, { ...manifest, tables, rows: found.rows });
  });
  const rows = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0);
  const facts = { installation: id, moved: manifest.moved, rows, files: manifest.artifacts.rows };
  show(output(), facts, () => `Installation ${id} is in ${placeOf(config)}: ${rows} rows, ${facts.files} files`);
  output().err(
    manifest.moved
      ? 'Start API and workers on it: what was under way goes on.'
      : `It is a copy, and frozen, so nothing is done twice. ${output().program} thaw lets it go on: runs that were under way are marked and paused.`,
  );
}

/** Before anything is written: without its key a secret is lost. */
async function checkKeys({ secretsKeyFile }: Config, { secret_keys: needed }: Manifest): Promise<void> {
  if (needed.length === 0) return;
  const bring = `Bring the key file of the source there (secrets.key of its DATA_DIR, or what its SECRETS_URL names), or set SECRETS_URL.`;
  if (!existsSync(secretsKeyFile))
    throw new Failure(`The export has sealed secrets, and there is no key file ${secretsKeyFile}. ${bring}`);
  const { LocalCipher } = await import('@holdfast/adapters/secrets');
  const missing = new LocalCipher(secretsKeyFile).lacks(needed);
  if (missing.length > 0)
    throw new Failure(
      `Secrets are sealed with the key ${missing.join(', ')}, which is not in ${secretsKeyFile}. ${bring}`,
    );
}
