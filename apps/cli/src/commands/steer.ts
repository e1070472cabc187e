import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { showJson } from '../output.ts';

const operations = [
  ['pause', 'begin nothing new; calls under way end'],
  ['resume', 'go on with a paused run'],
  ['cancel', 'end a run before its time'],
] as const;

export function steer(program: Command, { client, output }: Context): void {
  for (const [operation, description] of operations) {
    const command = program.command(operation).description(description).argument('<run>');
    if (operation !== 'resume') command.option('--reason <text>', 'kept in the log');
    command.action(async (id: string, { reason }: { reason?: string }) => {
      const run = await client().steer(id, operation, reason === undefined ? {} : { reason });
      if (output().json) return showJson(output(), run);
      output().out(`${run.id} is ${run.status}`);
    });
  }
}
