import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { type Said, settle } from '../settle.ts';
import { integer } from './arguments.ts';

/** The same command stands below `attention` and, shorter, at the top. */
export function decide(program: Command, context: Context): void {
  program
    .command('decide')
    .description('settle what waits for a person; see `attention`')
    .argument('<run>')
    .argument('[ref]', 'may be left out when one thing waits')
    .option('--approve', 'an approval: the call may be made')
    .option('--deny', 'an approval: it may not')
    .option('--change <json>', 'an approval: call with these arguments instead; a new approval is asked')
    .option('--answer <answer>', 'a question: the answer, as text or JSON')
    .option('--done <text>', 'an unknown effect: it took place, with this result')
    .option('--retry', 'call again')
    .option('--fail', 'give up; the model is told')
    .option('--reuse', "a duplicate after a fork: take the source's result")
    .option('--call', 'a duplicate after a fork: make the call again')
    .option('--skip', 'a duplicate after a fork: leave the call out')
    .option('--raise <n>', "a limit: its new value, in the limit's unit (money: millionths of a dollar)", integer)
    .option('--hash <hash>', 'of --approve, --deny, --change: only for exactly these arguments')
    .option('--reason <text>', 'kept in the log; not with --answer and --raise')
    .action((run: string, ref: string | undefined, said: Said) => settle(context, run, ref, said));
}
