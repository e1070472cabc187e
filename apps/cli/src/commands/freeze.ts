import { parseEnv } from '@holdfast/contracts';
import type { Installation } from '@holdfast/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { show } from '../output.ts';

export function freeze(program: Command, context: Context): void {
  program
    .command('freeze')
    .description(
      'after a restore or a copy of the database, before anything is started on it: it gets another installation id, and no run, schedule or webhook goes on until `holdfast thaw` (DATABASE_MIGRATE_URL, DATABASE_URL, else the embedded database in DATA_DIR)',
    )
    .action(async () => {
      const { id, tenants } = await onInstallation(context, (installation) => installation.freeze());
      show(
        context.output(),
        { installation: id, tenants },
        () => `The database is frozen (${tenants} tenants), and is installation ${id} from now on.`,
      );
    });

  program
    .command('thaw')
    .description(
      'let a frozen database go on: workers mark each unfinished run as restored and pause it, calls that were open become unknown or are repeated as after a crash (DATABASE_MIGRATE_URL, DATABASE_URL, else the embedded database in DATA_DIR)',
    )
    .option('--nothing-lost', 'the log is whole, as after pg_upgrade: runs go on as if nothing had been')
    .action(async ({ nothingLost = false }: { nothingLost?: boolean }) => {
      const tenants = await onInstallation(context, (installation) => installation.thaw(nothingLost));
      show(context.output(), { tenants }, () =>
        tenants === 0
          ? 'Nothing was frozen.'
          : nothingLost
            ? `${tenants} tenants go on.`
            : `Workers mark the unfinished runs of ${tenants} tenants and pause them. See runs list --status paused, and attention.`,
      );
    });
}

/** The installation that the environment names; an embedded one must be stopped. */
async function onInstallation<T>(
  { surroundings }: Context,
  work: (installation: Installation) => Promise<T>,
): Promise<T> {
  const config = parseEnv(surroundings.env);
  const { checkThere, onOwned } = await import('../owned-database.ts');
  checkThere(config);
  return onOwned(config, async (database) => work(await database.owner()));
}
