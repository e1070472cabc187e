import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { follow } from '../follow.ts';
import { cursor } from './arguments.ts';

/** The same command stands below `runs` and, shorter, at the top. */
export function watch(program: Command, { client, output, exit }: Context): void {
  program
    .command('watch')
    .description('show the events of a run until its end')
    .argument('<run>')
    .option('--after <seq>', 'begin after this event', cursor, 0)
    .action(async (id: string, { after }: { after: number }) => {
      exit(await follow(client(), output(), id, { after, stopAtWaits: false }));
    });
}
