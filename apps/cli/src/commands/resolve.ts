import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type Said, settle } from '../settle.ts';

/** `decide` with `--done`, `--retry`, … under the name of what it does. */
export function resolve(group: Command, context: Context): void {
  group
    .command('resolve')
    .description(
      'say what became of a call, or what shall become of it: `[ref] done <result>|retry|fail|reuse|call|skip`',
    )
    .argument('<run>')
    .argument(
      '<outcome...>',
      '`done` with the result, `retry` or `fail`; of a duplicate after a fork `reuse`, `call` or `skip`; before it the ref, which may be left out when one thing waits',
    )
    .option('--reason <text>', 'kept in the log')
    .action(async (run: string, words: readonly string[], { reason }: { reason?: string }) => {
      const hasRef = !outcomes.has(words[0] ?? '');
      const [outcome = '', ...rest] = hasRef ? words.slice(1) : words;
      const said = { ...saidBy(outcome, rest), ...(reason === undefined ? {} : { reason }) };
      await settle(context, run, hasRef ? words[0] : undefined, said);
    });
}

const outcomes: ReadonlySet<string> = new Set(['done', 'retry', 'fail', 'reuse', 'call', 'skip']);

function saidBy(outcome: string, rest: readonly string[]): Said {
  if (!outcomes.has(outcome))
    throw new Failure(
      `Say what became of it: done <result>, retry, fail, reuse, call or skip${outcome === '' ? '' : `; not ${outcome}`}.`,
      exitCodes.usage,
    );
  const [result, ...more] = rest;
  if (outcome !== 'done') {
    if (result !== undefined) throw new Failure(`${outcome} takes nothing more; not ${result}.`, exitCodes.usage);
    return { [outcome]: true };
  }
  if (result === undefined || more.length > 0)
    throw new Failure('done takes the result as the model shall see it, in quotes.', exitCodes.usage);
  return { done: result };
}
