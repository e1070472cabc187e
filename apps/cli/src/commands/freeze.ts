import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { onDatabase } from '../on-database.ts';
import { show } from '../output.ts';

export function freeze(program: Command, context: Context): void {
  program
    .command('freeze')
    .description(
      'after a restore or a copy of the database, before anything is started on it: it gets another installation id, and no run, schedule or webhook goes on until `holdfast thaw` (DATABASE_MIGRATE_URL, or DATABASE_URL)',
    )
    .action(async () => {
      const { id, tenants } = await onDatabase(context, async (database) => (await database.owner()).freeze());
      show(
        context.output(),
        { installation: id, tenants },
        () => `The database is frozen (${tenants} tenants), and is installation ${id} from now on.`,
      );
    });

  program
    .command('thaw')
    .description(
      'let a frozen database go on: workers mark each unfinished run as restored and pause it, calls that were open become unknown or are repeated as after a crash (DATABASE_MIGRATE_URL, or DATABASE_URL)',
    )
    .option('--nothing-lost', 'the log is whole, as after pg_upgrade: runs go on as if nothing had been')
    .action(async ({ nothingLost = false }: { nothingLost?: boolean }) => {
      const tenants = await onDatabase(context, async (database) => (await database.owner()).thaw(nothingLost));
      show(context.output(), { tenants }, () =>
        tenants === 0
          ? 'Nothing was frozen.'
          : nothingLost
            ? `${tenants} tenants go on.`
            : `Workers mark the unfinished runs of ${tenants} tenants and pause them. See runs list --status paused, and attention.`,
      );
    });
}
