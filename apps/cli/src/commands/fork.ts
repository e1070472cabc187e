import type { ForkRunBody, RunResource } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { follow } from '../follow.ts';
import { show } from '../output.ts';
import { defined, integer, jsonText, pairs } from './arguments.ts';

interface Common {
  readonly metadata?: string[];
  readonly tag?: string[];
  readonly detach?: boolean;
}

interface Options extends Common {
  readonly at?: number;
  readonly version?: number;
  readonly alias?: string;
  readonly input?: string;
  readonly inputJson?: boolean;
  readonly message?: string;
  readonly steps?: number;
  readonly tokens?: number;
}

const common = (command: Command): Command =>
  command
    .option('--metadata <key=value...>', 'kept with the new run')
    .option('--tag <tag...>', 'to find the new run by')
    .option('--detach', 'do not wait: show the new run and return');

export function fork(group: Command, context: Context): void {
  common(
    group
      .command('fork')
      .description('a new run that goes on from an event of a paused or ended one')
      .argument('<run>')
      .option('--at <seq>', 'the event after which it goes on; the last good one when left out', integer)
      .option('--version <n>', 'another version of the agent', integer)
      .option('--alias <name>', 'the version of this alias')
      .option('--input <text>', 'instead of the first input')
      .option('--input-json', 'the input is JSON')
      .option('--message <text>', 'said to the new run before its next model call')
      .option('--steps <n>', 'at most so many model and tool calls', integer)
      .option('--tokens <n>', 'at most so many tokens', integer),
  ).action(async (run: string, options: Options) => {
    await shown(context, await context.client().runs.fork(run, bodyOf(options)), options);
  });
}

export function rerun(group: Command, context: Context): void {
  common(
    group.command('rerun').description('a new run from the last good event, with nothing changed').argument('<run>'),
  ).action(async (run: string, options: Common) => {
    await shown(context, await context.client().runs.rerun(run, labels(options)), options);
  });
}

const labels = ({ metadata, tag }: Common) =>
  defined({ metadata: metadata === undefined ? undefined : pairs(metadata, '--metadata'), tags: tag });

function bodyOf(options: Options): ForkRunBody {
  const { at, version, alias, input, message, steps, tokens } = options;
  const limits = defined({ steps, tokens });
  return {
    ...labels(options),
    ...defined({
      at,
      version,
      alias,
      input: input !== undefined && options.inputJson === true ? jsonText(input, '--input') : input,
      message,
      limits: Object.keys(limits).length === 0 ? undefined : limits,
    }),
  };
}

async function shown({ client, output, exit }: Context, run: RunResource, { detach }: Common): Promise<void> {
  if (detach === true) return show(output(), run, () => run.id);
  if (!output().json) output().err(`run ${run.id}`);
  // What was copied is known from the run it was forked from.
  exit(await follow(client(), output(), run.id, { after: run.forked_from?.seq ?? 0, stopAtWaits: true }));
}
