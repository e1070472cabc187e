import type { Retention } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { show } from '../output.ts';
import { confirmed, integer } from './arguments.ts';

export function retention(program: Command, { client, output }: Context): void {
  const group = program.command('retention').description('how long runs that have ended are kept');
  group
    .command('show', { isDefault: true })
    .description('the setting of this tenant')
    .action(async () => {
      const { value: now } = await client().retention.get();
      show(output(), now, () => said(now));
    });
  group
    .command('set')
    .description('runs that ended longer ago are deleted, with their logs and their files, for good')
    .argument('<days>', 'a number of days, or `forever`', (text) => (text === 'forever' ? null : integer(text)))
    .option('--yes', 'really: needed for a number of days')
    .action(async (days: number | null, { yes }: { yes?: boolean }) => {
      if (days !== null)
        confirmed(
          yes,
          `This deletes every run that ended more than ${days} days ago, at once and from now on, with its log and its files, for good.`,
        );
      const now = await client().retention.set({ days });
      show(output(), now, () => said(now));
    });
}

const said = ({ days }: Retention): string =>
  days === null ? 'Runs are kept for ever.' : `Runs are deleted ${days} days after their end.`;
