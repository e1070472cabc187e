import { type JsonObject, jsonObject } from '@holdfast/contracts';
import type { DecideBody } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { show } from '../output.ts';
import { integer, jsonText } from './arguments.ts';

interface Options {
  readonly approve?: boolean;
  readonly deny?: boolean;
  readonly change?: string;
  readonly answer?: string;
  readonly done?: string;
  readonly retry?: boolean;
  readonly fail?: boolean;
  readonly reuse?: boolean;
  readonly call?: boolean;
  readonly skip?: boolean;
  readonly raise?: number;
  readonly reason?: string;
  readonly hash?: string;
}

export function decide(program: Command, { client, output }: Context): void {
  program
    .command('decide')
    .description('settle what waits for a person; see `attention list`')
    .argument('<run>')
    .argument('<ref>')
    .option('--approve', 'an approval: the call may be made')
    .option('--deny', 'an approval: it may not')
    .option('--change <json>', 'an approval: call with these arguments instead; a new approval is asked')
    .option('--answer <json>', 'a question: the answer, as JSON')
    .option('--done <text>', 'an unknown effect: it took place, with this result')
    .option('--retry', 'call again')
    .option('--fail', 'give up; the model is told')
    .option('--reuse', "a duplicate after a fork: take the source's result")
    .option('--call', 'a duplicate after a fork: make the call again')
    .option('--skip', 'a duplicate after a fork: leave the call out')
    .option('--raise <n>', 'a limit: its new value', integer)
    .option('--hash <hash>', 'an approval: only for exactly these arguments')
    .option('--reason <text>', 'kept in the log')
    .action(async (run: string, ref: string, options: Options) => {
      const receipt = await client().attention.decide(run, ref, bodyOf(options));
      show(output(), receipt, () => `${receipt.decision}: event ${receipt.seq} of ${receipt.run_id}`);
    });
}

function bodyOf(options: Options): DecideBody {
  const bodies = [...possible(options)];
  const [body] = bodies;
  if (body === undefined || bodies.length > 1)
    throw new Failure(
      'Give exactly one of --approve, --deny, --change, --answer, --done, --retry, --fail, --reuse, --call, --skip, --raise.',
      exitCodes.usage,
    );
  return body;
}

function* possible(options: Options): Generator<DecideBody> {
  const { reason, hash } = options;
  const because = reason === undefined ? {} : { reason };
  const note = reason === undefined ? {} : { note: reason };
  const bound = hash === undefined ? {} : { hash };
  if (options.approve === true) yield { decision: 'approve', ...bound, ...because };
  if (options.deny === true) yield { decision: 'deny', ...bound, ...because };
  if (options.change !== undefined)
    yield { decision: 'change', arguments: argumentsOf(options.change), ...bound, ...because };
  if (options.answer !== undefined) yield { decision: 'answer', answer: jsonText(options.answer, '--answer') };
  if (options.done !== undefined) yield { decision: 'done', content: options.done, ...note };
  if (options.retry === true) yield { decision: 'retry', ...note };
  if (options.fail === true) yield { decision: 'fail', ...note };
  if (options.reuse === true) yield { decision: 'reuse', ...note };
  if (options.call === true) yield { decision: 'call', ...note };
  if (options.skip === true) yield { decision: 'skip', ...note };
  if (options.raise !== undefined) yield { decision: 'raise', to: options.raise };
}

function argumentsOf(text: string): JsonObject {
  const value = jsonObject.safeParse(jsonText(text, '--change'));
  if (value.success) return value.data;
  throw new Failure('--change takes the arguments as a JSON object.', exitCodes.usage);
}
