import { messageMode } from '@holdfast/contracts';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { show } from '../output.ts';

export function messages(program: Command, { client, output }: Context): void {
  program
    .command('messages')
    .description('speak to a run')
    .command('send')
    .description('say something to a run that has not ended')
    .argument('<run>')
    .argument('<text>')
    .addOption(new Option('--mode <mode>', 'when it is delivered').choices([...messageMode.options]).default('queue'))
    .action(async (run: string, text: string, { mode }: { mode: string }) => {
      const receipt = await client().runs.send(run, { content: text, mode: messageMode.parse(mode) });
      show(output(), receipt, () => `message ${receipt.id} received (${receipt.mode})`);
    });
}
