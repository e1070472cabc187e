import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { showPage } from '../output.ts';

export function effects(group: Command, { client, output }: Context): void {
  group
    .command('effects')
    .description('what became of each tool call of a run')
    .argument('<run>')
    .action(async (run: string) => {
      showPage(
        output(),
        await client().runs.effects(run),
        ['call', 'tool', 'effect', 'status', 'attempts', 'key', 'since'],
        (line) => [
          line.call,
          line.tool,
          line.effect,
          line.resolution === null ? line.status : `${line.status} (${line.resolution.how} by ${line.resolution.by})`,
          String(line.attempts),
          line.key,
          line.since,
        ],
      );
    });
}
