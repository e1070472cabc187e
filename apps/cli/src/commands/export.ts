import { parseEnv } from '@holdfast/contracts';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { show } from '../output.ts';

interface Options {
  readonly output?: string;
  readonly keep?: boolean;
  readonly files: boolean;
  readonly takeBack?: boolean;
}

export function exportCommand(program: Command, context: Context): void {
  program
    .command('export')
    .description(
      'all of the installation that the environment names (DATABASE_MIGRATE_URL, DATABASE_URL, else the embedded database in DATA_DIR), to go on elsewhere; here nothing changes any more',
    )
    .option('--output <folder>', 'which must not be there yet')
    .option('--keep', 'a copy for a rehearsal: here all goes on, and the copy is frozen until `holdfast thaw`')
    .option('--no-files', 'without the files of runs, which are brought another way')
    .option('--take-back', 'go on here after all; the export must not be used any more')
    .action((options: Options) => {
      const { output: folder, takeBack = false } = options;
      if (takeBack) return openAgain(context);
      if (folder === undefined)
        throw new Failure('Name the folder of the export: --output <folder>. (Or --take-back goes on here.)');
      return exportTo(context, folder, options);
    });
}

async function exportTo({ surroundings, output }: Context, folder: string, { keep = false, files }: Options) {
  const config = parseEnv(surroundings.env);
  const { checkThere, onOwned, placeOf } = await import('../owned-database.ts');
  const { checkOutput, writeExport } = await import('../moving/write-export.ts');
  const { openConfiguredArtifacts } = await import('@holdfast/adapters/artifacts');
  const { checkSchema, markMoved } = await import('@holdfast/adapters/postgres');
  checkThere(config);
  await checkOutput(folder);
  const made = await onOwned(config, async (database) => {
    await checkSchema(database.connections);
    if (!keep) await markMoved(database.connections, { alone: database.kind === 'pglite' });
    const artifacts = await openConfiguredArtifacts(config);
    return writeExport(folder, database, artifacts, { moved: !keep, files })
      .finally(() => artifacts.close())
      .catch((error: unknown) => {
        if (!keep)
          output().err(
            `${placeOf(config)} stays closed. Do this again, or open it by ${output().program} export --take-back.`,
          );
        throw error;
      });
  });
  const rows = Object.values(made.tables).reduce((sum, table) => sum + table.rows, 0);
  const facts = {
    folder,
    moved: made.moved,
    tables: Object.keys(made.tables).length,
    rows,
    files: made.artifacts.rows,
  };
  show(output(), facts, () => `${folder}: ${facts.tables} tables, ${rows} rows, ${facts.files} files`);
  const say = (text: string): void => output().err(text);
  if (!keep)
    say(
      `${placeOf(config)} is closed: the installation goes on where this is imported. ${output().program} export --take-back opens it again.`,
    );
  if (!files)
    say(
      config.s3 === null
        ? 'The files are not in it: bring the folder artifacts of DATA_DIR another way.'
        : `The files are not in it: they are in the bucket ${config.s3.bucket}. Go on with it, or bring what it holds another way.`,
    );
  if (made.secret_keys.length > 0)
    say(`Secrets are in it as they are sealed, without the key file ${config.secretsKeyFile}: bring it another way.`);
}

async function openAgain({ surroundings, output }: Context): Promise<void> {
  const config = parseEnv(surroundings.env);
  const { checkThere, onOwned, placeOf } = await import('../owned-database.ts');
  const { unmarkMoved } = await import('@holdfast/adapters/postgres');
  checkThere(config);
  const opened = await onOwned(config, (database) => unmarkMoved(database.connections));
  const place = placeOf(config);
  show(output(), { opened }, () =>
    opened ? `${place} is open again. Throw the export away.` : `${place} was not exported.`,
  );
}
