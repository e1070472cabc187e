import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { settle } from '../settle.ts';

/** `decide --answer` under the name of what it does. */
export function answer(group: Command, context: Context): void {
  group
    .command('answer')
    .description('answer a question of a run: `[ref] <answer>`')
    .argument('<run>')
    .argument(
      '<answer...>',
      'the answer, as text or JSON, in quotes; before it the ref, which may be left out when one thing waits',
    )
    .action(async (run: string, words: readonly string[]) => {
      const [answered, ref, ...more] = words.toReversed();
      if (more.length > 0) throw new Failure(`The answer is ${words.length} words: put it in quotes.`, exitCodes.usage);
      await settle(context, run, ref, { answer: answered ?? '' });
    });
}
