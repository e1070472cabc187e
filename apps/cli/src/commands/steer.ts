import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { show } from '../output.ts';

const about = {
  pause: 'begin nothing new; calls under way end',
  resume: 'go on with a paused run',
  cancel: 'end a run before its time',
} as const;
export const operations = ['pause', 'resume', 'cancel'] as const;

/** The same command stands below `runs` and, shorter, at the top. */
export function steer(program: Command, { client, output }: Context, operation: keyof typeof about): void {
  const command = program.command(operation).description(about[operation]).argument('<run>');
  if (operation !== 'resume') command.option('--reason <text>', 'kept in the log');
  command.action(async (id: string, { reason }: { reason?: string }) => {
    const body = reason === undefined ? {} : { reason };
    const run = await (operation === 'resume' ? client().runs.resume(id) : client().runs[operation](id, body));
    show(output(), run, () => `${run.id} is ${run.status}`);
  });
}
